import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MediaError } from '../../src/services/media/media-error.ts';
import { FFMPEG, noise, processed, type Studio, studio } from '../samples/audio.ts';

const run = promisify(execFile);
let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const SONG =
  'aevalsrc=0.4*sin(2*PI*220*t)*lt(mod(t\\,0.5)\\,0.1)+0.2*sin(2*PI*330*t)|0.3*sin(2*PI*331*t):s=44100';

test('an hour of WAV is processed within 400 MB', { timeout: 900_000 }, async () => {
  const path = await made.make('hour.wav', '-f', 'lavfi', '-i', `${SONG}:d=3600`);
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-hour-'));
  // In a process of its own: the high-water mark of this one is the test runner's.
  const script = `
    const { processAudio } = await import(${JSON.stringify(resolve('src/services/media/audio/process.ts'))});
    const { readFileSync } = await import('node:fs');
    const { facts } = await processAudio({ path: ${JSON.stringify(path)}, workDir: ${JSON.stringify(workDir)},
      ffmpeg: ${JSON.stringify(FFMPEG)}, signal: new AbortController().signal, onProgress() {}, async onProbed() {}, async onDerivative() {} });
    const peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    console.log(JSON.stringify({ seconds: facts.audio.durationSeconds, peak }));`;
  try {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    const { seconds, peak } = JSON.parse(stdout);
    expect(seconds).toBeCloseTo(3600, 1);
    expect(peak / 1024).toBeLessThan(400);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
});

test('three minutes take at most twice what ffmpeg alone takes', { timeout: 120_000 }, async () => {
  const path = await made.make('song.mp3', '-f', 'lavfi', '-i', `${SONG}:d=180`, '-b:a', '192k');
  const quiet = ['-v', 'error', '-y', '-i', path];
  const alone = await timed(async () => {
    await run(FFMPEG, [...quiet, '-af', 'ebur128=peak=true:framelog=quiet', '-f', 'null', '-']);
    const aac = ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k', '-movflags', '+faststart'];
    await run(FFMPEG, [...quiet, ...aac, made.path('alone.m4a')]);
  });
  const ours = await timed(() => processed(path));
  expect(ours).toBeLessThan(2 * alone);
});

test('200 damaged files of each format end in a track or in a refusal, and leave nothing', {
  timeout: 900_000,
}, async () => {
  for (const name of ['s.mp3', 's.wav', 's.flac', 's.ogg', 's.opus', 's.m4a', 's.aac']) {
    const good = await readFile(await made.make(name, '-f', 'lavfi', '-i', 'anoisesrc=d=3:a=0.3'));
    for (let seed = 1; seed <= 200; seed++) {
      const random = noise(64, seed * 104_729);
      const bytes = Buffer.from(good);
      for (let n = 0; n < 1 + (seed % 12); n++) {
        bytes[random.readUInt32LE(n * 4) % (seed % 2 ? bytes.length : 2000)] = random[60 - n] ?? 0;
      }
      const started = Date.now();
      const path = await made.write('damaged', bytes);
      await processed(path).catch((error: unknown) =>
        expect(error, `${name} ${seed}`).toBeInstanceOf(MediaError),
      );
      expect(Date.now() - started).toBeLessThan(30_000);
    }
  }
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('mixdown-work-'))).toEqual([]);
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
