import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isOver, type Medium, startWholeStack } from '../../test/harness/whole-stack.ts';
import { median } from '../statistics.ts';
import type { Input } from './inputs.ts';

/** How long the whole stack takes from S3's response to the last byte, in seconds. */
export interface EndToEnd {
  title: string;
  /** Until the first derivative, and until READY. */
  first: number;
  ready: number;
}

/** Uploads each input several times, one after the other; the first upload is not counted. */
export async function measureEndToEnd(inputs: Input[], rounds: number): Promise<EndToEnd[]> {
  const stack = await startWholeStack();
  try {
    const found: EndToEnd[] = [];
    for (const input of inputs) {
      const { kind, path, contentType, title } = input;
      const sending = { kind, fileName: basename(path), contentType, bytes: await readFile(path) };
      const times: { first: number; ready: number }[] = [];
      for (let round = 0; round <= rounds; round++) {
        const medium = await stack.uploads(sending);
        const sent = performance.now();
        const isShown = ({ derivatives = [] }: Medium) =>
          derivatives.some((d) => d.status === 'READY');
        await stack.waitsFor(input, medium, (now) => isShown(now) || isOver(now), 120_000);
        const first = (performance.now() - sent) / 1000;
        const { status } = await stack.waitsFor(input, medium, isOver, 120_000);
        if (status !== 'READY') throw new Error(`${title} ended ${status}`);
        if (round > 0) times.push({ first, ready: (performance.now() - sent) / 1000 });
      }
      const of = (what: 'first' | 'ready') => median(times.map((time) => time[what]));
      found.push({ title, first: of('first'), ready: of('ready') });
    }
    return found;
  } finally {
    await stack.stop();
  }
}
