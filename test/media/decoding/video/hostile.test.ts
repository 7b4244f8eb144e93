import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FFMPEG, type Studio, studio } from '../../../samples/audio.ts';
import { CANARY, hostileVideos, PLAYLIST } from '../../../samples/hostile-videos.ts';
import { ENCODED, film, processedVideo } from '../../../samples/videos.ts';

let made: Studio;
let canary: Server;
let calls = 0;
beforeAll(async () => {
  made = await studio();
  canary = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  const { port } = new URL(CANARY);
  await new Promise<void>((resolve) => canary.listen(Number(port), '127.0.0.1', resolve));
});
afterAll(async () => {
  canary.close();
  await made[Symbol.asyncDispose]();
});

test('the canary is heard when something calls out', async () => {
  const path = await made.write('evil.m3u8', PLAYLIST);
  const open = ['-protocol_whitelist', 'file,http,tcp,crypto', '-i', path, '-f', 'null', '-'];
  await expect(promisify(execFile)(FFMPEG, open)).rejects.toThrow();
  expect(calls).toBeGreaterThan(0);
  calls = 0;
});

test.for(hostileVideos)('$name', async (hostile) => {
  const path = made.path('hostile.mp4');
  await hostile.make(path);
  const before = await readdir('.');
  const started = Date.now();
  const end = await processedVideo(path).then(
    () => 'READY',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
  expect(hostile.expect === 'READY' ? ['READY'] : hostile.expect).toContain(end);
  expect(Date.now() - started).toBeLessThan(120_000);
  expect(await readdir('.')).toEqual(before);
  expect(await children()).toEqual([]);
  expect(calls).toBe(0);
});

test('and the next good one is READY at once', async () => {
  const args = [...(ENCODED.h264 ?? []), '-c:a', 'aac'];
  const path = await made.make('good.mp4', ...film(), ...args);
  const started = Date.now();
  expect((await processedVideo(path)).warnings).toEqual([]);
  expect(Date.now() - started).toBeLessThan(60_000);
});

/** The programs that this process started and that are still there. */
async function children(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // gone meanwhile
    const [, name = '', parent] = /\((.*)\) \w (\d+)/.exec(stat) ?? [];
    if (Number(parent) === process.pid && /ffmpeg|prlimit/.test(name)) found.push(name);
  }
  return found;
}
