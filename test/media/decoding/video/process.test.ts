import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { longestTurnOf } from '../../../harness/cpu-time.ts';
import { watch } from '../../../harness/watch-process.ts';
import { FFMPEG, type Studio, studio } from '../../../samples/audio.ts';
import { ENCODED, film, greyOf, processedVideo, silent } from '../../../samples/videos.ts';

let made: Studio;
let clip: string;
beforeAll(async () => {
  made = await studio();
  clip = await made.make('clip.mp4', ...film(), ...(ENCODED.h264 ?? []), '-c:a', 'aac');
});
afterAll(() => made[Symbol.asyncDispose]());

/** A program in ffmpeg's place, that leaves its process id and its arguments behind. */
async function fake(name: string, script: string): Promise<string> {
  const said = `echo $$ > ${made.path('pid')}\necho "$@" >> ${made.path('args')}\nenv > ${made.path('env')}`;
  const path = await made.write(name, `#!/bin/sh\n${said}\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const lastPid = async () => Number(await readFile(made.path('pid'), 'utf8'));
/** Passes run as usual up to the one whose arguments name this file. */
const until = (output: string, script: string) =>
  `case "$*" in *${output}*) ${script};; *) exec ${FFMPEG} "$@";; esac`;
const short = { decodeBaseMs: 400, decodeMsPerSecond: 1 };

test('a decoder that hangs is killed at its deadline, before the poster and after it', async () => {
  for (const output of ['poster', 'preview']) {
    const ffmpeg = await fake('hangs', until(output, 'exec sleep 600'));
    const started = Date.now();
    const limits = output === 'poster' ? short : { decodeBaseMs: 3000, decodeMsPerSecond: 1 };
    const working = processedVideo(clip, { ffmpeg, limits });
    await expect(working).rejects.toMatchObject({ code: 'TIMED_OUT' });
    // It would hang for ten minutes.
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(isAlive(await lastPid())).toBe(false);
  }
});

test('on abort the decoder is gone, and the reason is what was given', async () => {
  const ffmpeg = await fake('waits', until('preview', 'exec sleep 600'));
  const control = new AbortController();
  const reason = new Error('the lease is lost');
  const onDerivative = async ({ name }: { name: string }) => {
    if (name === 'thumbnail') setTimeout(() => control.abort(reason), 50);
  };
  const working = processedVideo(clip, { ffmpeg, signal: control.signal, onDerivative });
  await expect(working).rejects.toBe(reason);
  expect(isAlive(await lastPid())).toBe(false);
});

test('ffmpeg gets no environment, one demuxer, few decoders, one protocol, and bounds', async () => {
  const ffmpeg = await fake('looks', 'exit 1');
  process.env.MIXDOWN_CANARY = 'secret';
  await expect(processedVideo(clip, { ffmpeg })).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
  delete process.env.MIXDOWN_CANARY;
  expect(await readFile(made.path('env'), 'utf8')).not.toContain('secret');
  const args = await readFile(made.path('args'), 'utf8');
  expect(args).toContain(
    '-protocol_whitelist file -format_whitelist mov -codec_whitelist h264 -max_streams 32',
  );
  expect(args).toContain('-max_pixels 33600000');
  expect(args).toContain(`-f mov -i file:${clip}`);
});

test('without ffmpeg the fault is ours, not the file’s', async () => {
  const working = processedVideo(clip, { ffmpeg: '/nowhere/ffmpeg' });
  const error: unknown = await working.catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toHaveProperty('name', 'MediaError');
});

test('sound that the decoder breaks on is left out, and the pictures are not', async () => {
  const ffmpeg = await fake('deaf', until('ebur128', 'exit 1'));
  const { warnings, derivatives } = await processedVideo(clip, { ffmpeg });
  expect(warnings).toEqual([expect.objectContaining({ code: 'SOUND_CORRUPT' })]);
  expect(derivatives.map(({ name }) => name)).toEqual([
    ...['poster', 'thumbnail', 'sprite', 'spriteMap', 'preview'],
  ]);
});

test('a poster is shown before anything else is made', async () => {
  const ffmpeg = await fake('poster-only', until('preview', 'exit 1'));
  const shown: string[] = [];
  const onDerivative = async ({ name }: { name: string }) => {
    shown.push(name);
  };
  await expect(processedVideo(clip, { ffmpeg, onDerivative })).rejects.toThrow();
  expect(shown).toEqual(['poster', 'thumbnail']);
});

test('a long video has a hundred tiles, of keyframes and before the preview, each where its map says', async () => {
  const colors = "geq=lum='16+T*1.6':cb=128:cr=128";
  const args = ['-vf', colors, ...(ENCODED.h264 ?? []), '-g', '5'];
  const path = await made.make('long.mp4', ...silent('64x36', 130, '5'), ...args);
  const { derivatives, files, facts } = await processedVideo(path);
  expect(derivatives.map(({ name }) => name)).toEqual([
    ...['poster', 'thumbnail', 'sprite', 'spriteMap', 'preview'],
  ]);
  expect(facts.video.durationSeconds).toBe(130);
  const cues = [
    ...String(files.spriteMap).matchAll(
      /(\d+):(\d+):([\d.]+) --> .*\nsprite#xywh=(\d+),(\d+),(\d+),(\d+)\n/g,
    ),
  ].map((cue) => cue.slice(1).map(Number));
  expect(cues).toHaveLength(100);
  const sprite = await made.write('sprite.jpg', files.sprite ?? '');
  for (const n of [0, 42, 99]) {
    const [, minutes = 0, seconds = 0, x, y, width, height] = cues[n] ?? [];
    const tile = await made.make(
      `tile-${n}.png`,
      '-i',
      sprite,
      '-vf',
      `crop=${width}:${height}:${x}:${y}`,
    );
    const shown = (await greyOf(tile)).mean;
    const frame = await made.make(
      `at-${n}.png`,
      '-ss',
      String(minutes * 60 + seconds),
      '-i',
      path,
      '-frames:v',
      '1',
    );
    expect(Math.abs(shown - (await greyOf(frame)).mean)).toBeLessThan(6);
  }
});

test('a long video with a single keyframe has tiles of all its frames', async () => {
  const colors = "geq=lum='16+T*3':cb=128:cr=128";
  const args = ['-vf', colors, ...(ENCODED.h264 ?? []), '-g', '10000'];
  const path = await made.make('lonely.mp4', ...silent('64x36', 65, '5'), ...args);
  const { files, derivatives } = await processedVideo(path);
  expect(derivatives.at(-1)?.name).toBe('preview');
  const sprite = await made.write('lonely.jpg', files.sprite ?? '');
  expect((await greyOf(sprite)).deviation).toBeGreaterThan(20);
});

test('a video that was cut off is told; with less than a quarter of it, it is corrupt', async () => {
  const args = [...(ENCODED.h264 ?? []), '-g', '10', '-movflags', '+faststart'];
  const bytes = await readFile(await made.make('whole.mp4', ...silent('320x180', 8), ...args));
  const cut = (part: number) => bytes.subarray(0, Math.floor(bytes.length * part));
  const half = await processedVideo(await made.write('half.mp4', cut(0.6)));
  expect(half.warnings).toEqual([expect.objectContaining({ code: 'CUT_OFF' })]);
  expect(half.facts.video.durationSeconds).toBeLessThan(7);
  const little = processedVideo(await made.write('little.mp4', cut(0.15)));
  await expect(little).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
});

test('what is more than the limits is refused: length, pixels, rate, bytes, streams', async () => {
  const fast = await made.make('fast.mp4', ...silent('64x36', 2, '500'), ...(ENCODED.h264 ?? []));
  const unsaid = await made.make('fast.mkv', '-i', fast, '-c', 'copy');
  for (const path of [fast, unsaid]) {
    await expect(processedVideo(path)).rejects.toMatchObject({ code: 'TOO_COMPLEX' });
  }
  const refused: [object, string][] = [
    [{ seconds: 1 }, 'TOO_LONG'],
    [{ pixels: 1000 }, 'TOO_COMPLEX'],
    [{ side: 300 }, 'TOO_COMPLEX'],
    [{ bytes: 1000 }, 'TOO_LARGE'],
    [{ streams: 1 }, 'TOO_COMPLEX'],
  ];
  for (const [limits, code] of refused) {
    await expect(processedVideo(clip, { limits })).rejects.toMatchObject({ code });
  }
});

test('nothing of the file’s own words, nor its place, is in what is made of it', async () => {
  const tags = ['-metadata', 'title=CANARY-TITLE', '-metadata', 'location=+52.5200+013.4050/'];
  const path = await made.make('tagged.mov', '-i', clip, '-c', 'copy', ...tags);
  expect((await readFile(path)).includes('CANARY-TITLE')).toBe(true);
  const { files } = await processedVideo(path);
  for (const bytes of Object.values(files)) {
    expect(bytes.includes('CANARY-TITLE')).toBe(false);
    expect(bytes.includes('+52.5200')).toBe(false);
  }
});

test('the event loop is never held for long', async () => {
  expect(await longestTurnOf(() => processedVideo(clip))).toBeLessThan(400);
});

test('a work folder that is gone is no fault of the file', async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-gone-'));
  await rm(workDir, { recursive: true });
  const error: unknown = await processedVideo(clip, { workDir }).catch((thrown) => thrown);
  expect(error).not.toHaveProperty('code', 'CORRUPT_MEDIA');
});

const hasProc = process.platform === 'linux';

test.runIf(hasProc)('a picture that stands still for long takes no more memory', async () => {
  const gap = ['-vf', "setpts='if(gte(N,23),PTS+12/TB*(N-22),PTS)'", '-fps_mode', 'passthrough'];
  const path = await made.make(
    'still.mp4',
    ...silent('1920x1080', 1),
    ...gap,
    ...(ENCODED.h264 ?? []),
  );
  const seen = watch(process.pid);
  const { facts } = await processedVideo(path);
  seen.stop();
  expect(facts.video.durationSeconds).toBeGreaterThan(24);
  const { program } = seen.peaks();
  expect(program).toBeGreaterThan(20);
  expect(program).toBeLessThan(400);
});
