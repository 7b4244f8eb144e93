import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCanary } from '../harness/canary.ts';
import { until } from '../harness/until.ts';
import { type Watched, watch } from '../harness/watch-process.ts';
import { isOver, type Medium, type Sending, startWholeStack } from '../harness/whole-stack.ts';
import { FFMPEG, type Studio, studio } from '../samples/audio.ts';
import { hostileAudios } from '../samples/hostile-audio.ts';
import { hostileImages } from '../samples/hostile-images.ts';
import { type HostileEnd, hostileTable } from '../samples/hostile-table.ts';
import { CANARY, hostileVideos, PLAYLIST } from '../samples/hostile-videos.ts';
import { scene } from '../samples/images.ts';
import { ENCODED, film } from '../samples/videos.ts';

// Every hostile file, as the kind it claims to be, through all of `npm start`: one after the other, so that
// time and memory are its own. With WRITE_TABLE=1 what became of each is written down.

const DOCUMENT = 'docs/hostile-media.md';

const PORT = Number(new URL(CANARY).port);
const DNS_PORT = 47_153;
const WITHIN = { end: 30_000, good: 5_000, megabytes: 700 };

const KINDS = [
  { as: { kind: 'images', fileName: 'x.png', contentType: 'image/png' }, files: hostileImages },
  { as: { kind: 'videos', fileName: 'x.mp4', contentType: 'video/mp4' }, files: hostileVideos },
  { as: { kind: 'tracks', fileName: 'x.mp3', contentType: 'audio/mpeg' }, files: hostileAudios },
  { as: { kind: 'audios', fileName: 'x.wav', contentType: 'audio/wav' }, files: hostileAudios },
] as const;

let made: Studio;
let temporary: string;
let canary: Awaited<ReturnType<typeof startCanary>>;
let stack: Awaited<ReturnType<typeof startWholeStack>>;
let worker: Watched;
const ends: HostileEnd[] = [];

beforeAll(async () => {
  made = await studio();
  canary = await startCanary(PORT, DNS_PORT);
  temporary = await mkdtemp(join(tmpdir(), 'mixdown-hostile-'));
  stack = await startWholeStack({ TMPDIR: temporary });
  worker = watch(await stack.worker());
});

afterAll(async () => {
  worker?.stop();
  await stack?.stop();
  await canary?.stop();
  await made?.[Symbol.asyncDispose]();
  await rm(temporary, { recursive: true, force: true });
});

test('who calls out is heard, by TCP, by UDP and by a name, and is seen while it does', async () => {
  const path = await made.write('evil.m3u8', PLAYLIST);
  const here = watch(process.pid);
  const run = promisify(execFile);
  const open = ['-protocol_whitelist', 'file,http,tcp,crypto', '-i', path, '-f', 'null', '-'];
  await expect(run(FFMPEG, open)).rejects.toThrow();
  const to = ['-f', 'mpegts', `udp://127.0.0.1:${PORT}`];
  await run(FFMPEG, ['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'mp2', ...to]);
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${DNS_PORT}`]);
  await expect(resolver.resolve4('canary.example')).rejects.toThrow();
  here.stop();
  expect(new Set(canary.heard())).toEqual(new Set(['tcp', 'udp', 'dns']));
  expect(here.callers()).toContain('ffmpeg');
});

for (const { as, files } of KINDS) {
  test(`${files.length} hostile ${as.kind} end in time, small, alone and harmless`, async () => {
    const good = await goodOne(as);
    await isReadySoon(good);
    worker.peaks();
    const wrong: string[] = [];
    for (const [n, hostile] of files.entries()) {
      if (n % 25 === 0) await stack.signsIn();
      const { end, milliseconds } = await sent(as, hostile);
      const { own, program } = worker.peaks();
      const seconds = (milliseconds / 1000).toFixed(1);
      ends.push({ name: hostile.name, kind: as.kind, end, milliseconds, own, program });
      const allowed = [hostile.expect].flat();
      if (end !== UNDECLARED && !allowed.includes(end)) wrong.push(`${hostile.name} ended ${end}`);
      if (milliseconds > WITHIN.end) wrong.push(`${hostile.name} took ${seconds} s`);
      if (Math.max(own, program) > WITHIN.megabytes) {
        wrong.push(`${hostile.name} took ${own} and ${program} MB`);
      }
      if (worker.callers().length > 0) wrong.push(`${hostile.name} called out`);
      if (n % 10 === 9) await isReadySoon(good);
    }
    await isReadySoon(good);
    expect(wrong).toEqual([]);
    expect(canary.heard()).toEqual([]);
    await until('no program is left', () => worker.programs().length === 0, 5000);
    await until('no file is left', async () => (await readdir(temporary)).length === 0, 5000);
  });
}

test('all of them are in a table of what became of each', async () => {
  const text = hostileTable(ends);
  if (process.env.WRITE_TABLE) await writeFile(DOCUMENT, text);
  console.log(text);
  expect(ends).toHaveLength(KINDS.reduce((sum, { files }) => sum + files.length, 0));
});

type Kind = (typeof KINDS)[number]['as'];
type Hostile = (typeof KINDS)[number]['files'][number];

/** A file without a byte: nothing of it gets in. */
const UNDECLARED = 'cannot be declared';

/** What becomes of it, and how long after its last byte; what the API refuses at once ends with its code. */
async function sent(as: Kind, hostile: Hostile): Promise<{ end: string; milliseconds: number }> {
  const path = made.path('hostile');
  await hostile.make(path);
  const bytes = await readFile(path);
  if (bytes.length === 0) {
    await expect(stack.uploads({ ...as, bytes })).rejects.toThrow('422');
    return { end: UNDECLARED, milliseconds: 0 };
  }
  const medium = await stack.uploads({ ...as, bytes });
  const started = performance.now();
  const over = await stack.waitsFor(as, medium, isOver, WITHIN.end * 2);
  const milliseconds = performance.now() - started;
  if (over.status === 'READY') await expectHarmless(as, over);
  return { end: over.error?.code ?? over.status, milliseconds };
}

async function expectHarmless(as: Kind, medium: Medium): Promise<void> {
  for (const bytes of await stack.derivatives(as, medium)) {
    expect(bytes.toString('latin1')).not.toMatch(/<html>|<script>|canary\.ts/);
  }
}

async function goodOne(as: Kind): Promise<Sending> {
  if (as.kind === 'images') {
    return { ...as, bytes: await scene(1600, 1200).png().toBuffer() };
  }
  const isVideo = as.kind === 'videos';
  const sound = ['-f', 'lavfi', '-i', 'sine=d=2'];
  const args = isVideo ? [...film(), ...(ENCODED.h264 ?? []), '-c:a', 'aac'] : sound;
  return { ...as, bytes: await readFile(await made.make(as.fileName, ...args)) };
}

async function isReadySoon(good: Sending): Promise<void> {
  const medium = await stack.uploads(good);
  await stack.waitsFor(good, medium, ({ status }) => status === 'READY', WITHIN.good);
}
