import { makePictureBomb } from './bomb.ts';
import type { FaultName } from './faults.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const ENDLESS = 20 * 1024 ** 3;

/** What a hostile server sends in place of an output, by the name of the fault. */
export const HOSTILE_OUTPUTS: Partial<Record<FaultName, () => Response>> = {
  'html-as-picture': () =>
    new Response('<!doctype html><script>alert(document.cookie)</script>', {
      headers: { 'Content-Type': 'image/png' },
    }),
  'endless-output': () =>
    new Response(streamEndlessly(), {
      headers: { 'Content-Type': 'image/png', 'Content-Length': String(ENDLESS) },
    }),
  'picture-bomb': () =>
    new Response(new Uint8Array(makePictureBomb()), { headers: { 'Content-Type': 'image/png' } }),
  'redirect-inside': () =>
    new Response(null, {
      status: 302,
      headers: { Location: 'http://169.254.169.254/latest/meta-data/' },
    }),
  'missing-output': () => new Response(null, { status: 404 }),
  'empty-output': () => new Response('', { headers: { 'Content-Type': 'image/png' } }),
};

// It begins as a PNG does, and is sent only as fast as it is read.
function streamEndlessly(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= ENDLESS) return controller.close();
      controller.enqueue(sent === 0 ? new Uint8Array(PNG) : chunk);
      sent += sent === 0 ? PNG.length : chunk.length;
    },
  });
}
