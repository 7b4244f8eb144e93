import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watch } from '../harness/watch-process.ts';
import { type Studio, studio } from '../samples/audio.ts';
import { heicOf } from '../samples/heic.ts';
import { photograph, processedImage } from '../samples/images.ts';

const run = promisify(execFile);
let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const most = { width: 7300, height: 5479 };
const mostAvif = { width: 4800, height: 3300 };

/** The ways to need the most memory for the most pixels that are accepted. */
const HEAVY: [string, { width: number; height: number }, (flat: Sharp) => Sharp][] = [
  [
    'progressive.jpg',
    most,
    (flat) => flat.flatten().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
  ],
  ['cmyk.jpg', most, (flat) => flat.flatten().toColourspace('cmyk').jpeg({ progressive: true })],
  ['turned.jpg', most, (flat) => flat.flatten().jpeg().withMetadata({ orientation: 6 })],
  [
    'deep.png',
    most,
    (flat) => flat.toColourspace('rgb16').png({ progressive: true, compressionLevel: 1 }),
  ],
  ['deep.tif', most, (flat) => flat.toColourspace('rgb16').tiff({ compression: 'deflate' })],
  ['lossless.webp', most, (flat) => flat.webp({ lossless: true, effort: 0 })],
  ['flat.gif', most, (flat) => flat.gif({ effort: 1 })],
  [
    'deep.avif',
    mostAvif,
    (flat) => flat.avif({ effort: 0, chromaSubsampling: '4:4:4', bitdepth: 12 }),
  ],
];

test('one worker takes the heaviest images one after the other within 700 MB', {
  timeout: 600_000,
}, async () => {
  const background = { r: 50, g: 90, b: 200, alpha: 0.5 };
  for (const [name, size, encode] of HEAVY) {
    const flat = sharp({ create: { ...size, channels: 4, background } });
    await encode(flat).toFile(made.path(name));
  }
  const paths = [...HEAVY, ...HEAVY].map(([name]) => made.path(name));
  await mkdir(made.path('work'));
  // In a process of its own: the high-water mark of this one is the test runner's.
  const script = `
    const { processImage } = await import(${JSON.stringify(resolve('src/services/media/image/process.ts'))});
    const { readFileSync } = await import('node:fs');
    const peaks = [];
    for (const path of ${JSON.stringify(paths)}) {
      await processImage({ path, workDir: ${JSON.stringify(made.path('work'))}, ffmpeg: '',
        signal: new AbortController().signal, onProgress() {}, async onProbed() {}, async onDerivative() {} });
      const peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
      peaks.push([path.split('/').at(-1), Math.round(peak)]);
    }
    console.log(JSON.stringify(peaks));`;
  // glibc gives each thread an arena of its own, and keeps what was freed in it: so does a worker get it.
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
  const peaks: [string, number][] = JSON.parse(stdout);
  expect(Math.max(...peaks.map(([, peak]) => peak)), stdout).toBeLessThan(700);
});

test.for([
  ['48 million pixels in tiles', { width: 8064, height: 6048, tile: 512 }],
  ['36 million pixels in one piece', { width: 7008, height: 5136 }],
] as const)(
  'a HEIC of %s is processed within 700 MB',
  { timeout: 600_000 },
  async ([, options]) => {
    const { width, height } = options;
    const bytes = await heicOf(photograph(width, height), { ...options, quality: 24 });
    const path = await made.write('large.heic', bytes);
    const before = process.memoryUsage.rss() / 1e6;
    const seen = watch(process.pid);
    seen.peaks();
    const { image } = await processedImage(path);
    const { own, program } = seen.peaks();
    seen.stop();
    expect(image).toMatchObject({ width, height });
    // A worker that has done nothing yet takes 130 MB; here the runner of tests is counted with it.
    expect(program + 130 + Math.max(0, own - before)).toBeLessThan(700);
  },
);
