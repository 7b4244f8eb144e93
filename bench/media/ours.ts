// `ours.ts <kind> <path> <ffmpeg>`: our processing of a file, in a process of its own, so that its
// memory can be measured. Processes the file once for each message, and answers how long it took.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaProcessor } from '../../src/services/media/processor.ts';

const [kind = '', path = '', ffmpeg = ''] = process.argv.slice(2);
const processor = await loadProcessor();

process.on('message', async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const started = performance.now();
  let first = Number.NaN;
  await processor({
    ...{ path, workDir, ffmpeg, signal: new AbortController().signal },
    onProgress() {},
    async onProbed() {},
    async onDerivative() {
      if (Number.isNaN(first)) first = performance.now() - started;
    },
  });
  const ms = performance.now() - started;
  await rm(workDir, { recursive: true, force: true });
  process.send?.({ ms, first });
});

async function loadProcessor(): Promise<MediaProcessor> {
  const media = '../../src/services/media';
  if (kind === 'images') return (await import(`${media}/image/process.ts`)).processImage;
  if (kind === 'videos') return (await import(`${media}/video/process.ts`)).processVideo;
  return (await import(`${media}/audio/process.ts`)).processAudio;
}
