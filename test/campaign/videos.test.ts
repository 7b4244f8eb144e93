import { afterAll, beforeAll, expect, test } from 'vitest';
import { watch } from '../harness/watch-process.ts';
import { type Studio, studio } from '../samples/audio.ts';
import { ENCODED, processedVideo } from '../samples/videos.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const HDR = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
const HEAVY: [string, string, string[]][] = [
  ['a screen of 5K', '5120x2880:r=30', [...(ENCODED.h264 ?? []), '-pix_fmt', 'yuv420p']],
  ['HDR in 4K', '3840x2160:r=30', [...(ENCODED.hevc ?? []), '-pix_fmt', 'yuv420p10le', ...HDR]],
  ['240 frames a second', '1920x1080:r=240', ENCODED.h264 ?? []],
];

test.for(HEAVY)(
  '%s is processed within 700 MB',
  { timeout: 900_000 },
  async ([, picture, options]) => {
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=${picture}:d=2`];
    const path = await made.make('heavy.mp4', ...source, ...options);
    const before = process.memoryUsage.rss() / 1e6;
    const seen = watch(process.pid);
    seen.peaks();
    const { files } = await processedVideo(path);
    const { own, program } = seen.peaks();
    seen.stop();
    expect(Object.keys(files)).toContain('preview');
    // A worker that has done nothing yet takes 130 MB; here the runner of tests is counted with it.
    const peak = program + 130 + Math.max(0, own - before);
    console.log(`${picture}: ${Math.round(program)} MB of ffmpeg, ${Math.round(peak)} MB in all`);
    expect(peak).toBeLessThan(700);
  },
);
