import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { longestTurnOf } from '../../harness/cpu-time.ts';
import { clicks, processed, type Studio, studio, wav } from '../../samples/audio.ts';

let made: Studio;
let song: string;
beforeAll(async () => {
  made = await studio();
  song = await made.write('song.wav', wav(clicks(100, 10)));
});
afterAll(() => made[Symbol.asyncDispose]());

/** A program in ffmpeg's place, that leaves its process id and its arguments behind. */
async function fake(name: string, script: string): Promise<string> {
  const path = await made.write(
    name,
    `#!/bin/sh\necho $$ > ${made.path('pid')}\necho "$@" > ${made.path('args')}\nenv > ${made.path('env')}\n${script}\n`,
  );
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
const short = { decodeBaseMs: 300, decodeMsPerSecond: 1 };

test('a decoder that hangs is killed at its deadline, with what it started', async () => {
  const ffmpeg = await fake('hangs', `sleep 600 & echo $! > ${made.path('child')}; wait`);
  const started = Date.now();
  await expect(processed(song, { ffmpeg, limits: short })).rejects.toMatchObject({
    code: 'TIMED_OUT',
  });
  // It would hang for ten minutes.
  expect(Date.now() - started).toBeLessThan(60_000);
  expect(isAlive(await lastPid())).toBe(false);
});

test('on abort the decoder is gone, and the reason is what was given', async () => {
  const ffmpeg = await fake('waits', 'exec sleep 600');
  const control = new AbortController();
  const reason = new Error('the lease is lost');
  const working = processed(song, { ffmpeg, signal: control.signal });
  working.catch(() => {});
  await expect.poll(lastPid.bind(null), { timeout: 60_000 }).toBeGreaterThan(0);
  control.abort(reason);
  await expect(working).rejects.toBe(reason);
  expect(isAlive(await lastPid())).toBe(false);
});

test('an abort in the middle of a real decode ends it', async () => {
  const control = new AbortController();
  const onProgress = (percent: number) => percent > 10 && control.abort(new Error('enough'));
  await expect(processed(song, { signal: control.signal, onProgress })).rejects.toThrow('enough');
});

test('ffmpeg gets no environment, one demuxer, one protocol, and a path that is no option', async () => {
  const ffmpeg = await fake('looks', 'exit 1');
  process.env.MIXDOWN_CANARY = 'secret';
  await expect(processed(song, { ffmpeg })).rejects.toMatchObject({ code: 'CORRUPT_MEDIA' });
  delete process.env.MIXDOWN_CANARY;
  expect(await readFile(made.path('env'), 'utf8')).not.toContain('secret');
  const args = await readFile(made.path('args'), 'utf8');
  expect(args).toContain(
    `-protocol_whitelist file -format_whitelist wav -codec_whitelist pcm_s16le`,
  );
  expect(args).toContain(`-f wav -i file:${song}`);
});

test('without ffmpeg the fault is ours, not the file’s', async () => {
  const error: unknown = await processed(song, { ffmpeg: '/nowhere/ffmpeg' }).catch(
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toHaveProperty('name', 'MediaError');
});

test('the event loop is never held for long while a track is processed', async () => {
  const path = await made.write('minute.wav', wav(clicks(100, 60)));
  expect(await longestTurnOf(() => processed(path))).toBeLessThan(500);
});

test('a work folder that is gone is no fault of the file', async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-gone-'));
  await rm(workDir, { recursive: true });
  const error: unknown = await processed(song, { workDir }).catch((thrown) => thrown);
  expect(error).not.toHaveProperty('code', 'CORRUPT_MEDIA');
});
