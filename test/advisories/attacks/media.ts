import '../support/seen.ts';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'vitest';
import { given, type Person, type Track } from '../../harness/given.ts';

const run = promisify(execFile);
const ffmpeg = () => process.env.FFMPEG_PATH ?? 'ffmpeg';

const SECRET = 'SECRET-OF-THE-SERVER-5e1f';

/** A listener on the loopback that must not be called, a file that must not be read, and ffmpeg. */
async function trap() {
  let hits = 0;
  const server = createServer((socket) => {
    hits++;
    socket.on('error', () => {});
    socket.end('HTTP/1.0 404 Not Found\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-trap-'));
  const secret = join(folder, 'secret.txt');
  await writeFile(secret, `${SECRET}\n`.repeat(50));
  return {
    folder,
    secret,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits: () => hits,
    async make(name: string, ...args: string[]): Promise<Buffer> {
      await run(ffmpeg(), ['-v', 'error', '-y', ...args, join(folder, name)]);
      return readFile(join(folder, name));
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Trap = Awaited<ReturnType<typeof trap>>;

const TONE = ['-f', 'lavfi', '-i', 'sine=d=1'];

function hls(target: string): string {
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\n${target}\n#EXT-X-ENDLIST\n`;
}

/** A chunk of an AVI or a WAV. */
function chunk(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** A tag in front of a file. */
function id3(frame: string, body: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.write(frame, 'latin1');
  head.writeUInt32BE(body.length, 4);
  const size = body.length + 10;
  const tag = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, 0]);
  for (let n = 0; n < 4; n++) tag[6 + n] = (size >> (7 * (3 - n))) & 0x7f;
  return Buffer.concat([tag, head, body]);
}

async function corpus(it: Trap): Promise<Record<string, Buffer>> {
  const text = (s: string) => Buffer.from(s);
  const mp3 = await it.make('a.mp3', ...TONE);
  const wav = await it.make('a.wav', ...TONE);
  const video = await it.make(
    'a.mp4',
    '-f',
    'lavfi',
    '-i',
    'testsrc=d=1:s=64x64',
    ...TONE,
    '-shortest',
  );
  const gab2 = Buffer.concat([
    text('GAB2\0'),
    Buffer.from([2, 0, 0, 0, 0, 0]),
    text(hls(`${it.url}/avi`)),
  ]);
  const avi = chunk('RIFF', Buffer.concat([text('AVI LIST'), chunk('txts', gab2)]));
  return {
    'a playlist of a URL': text(hls(`${it.url}/hls.ts`)),
    'a playlist of a file': text(hls(`file://${it.secret}`)),
    'a playlist of a concatenation': text(hls(`concat:${it.url}/head|file://${it.secret}`)),
    'a playlist whose key is a URL': text(
      hls('a.ts').replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${it.url}/key"\n#EXTINF`),
    ),
    'a playlist behind a byte order mark': text(`\ufeff${hls(`${it.url}/bom.ts`)}`),
    'a playlist behind blanks': text(`\n\n   ${hls(`${it.url}/blank.ts`)}`),
    'a list of files': text(`ffconcat version 1.0\nfile '${it.secret}'\n`),
    'a list of URLs': text(`ffconcat version 1.0\nfile '${it.url}/concat.mp3'\n`),
    'a list with options': text(
      `ffconcat version 1.0\nfile a\noption protocol_whitelist file,http,tcp\n`,
    ),
    'a manifest': text(
      `<?xml version="1.0"?><MPD><Period><BaseURL>${it.url}/</BaseURL></Period></MPD>`,
    ),
    'a session description': text(`v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n`),
    'a PLS list': text(`[playlist]\nFile1=${it.url}/pls.mp3\nNumberOfEntries=1\n`),
    'an SVG that names a file': text(
      `<svg xmlns="http://www.w3.org/2000/svg"><image href="${it.url}/x.png"/></svg>`,
    ),
    'an AVI with a playlist for subtitles': avi,
    'a WAV with a playlist for its sound': Buffer.concat([
      wav.subarray(0, 12),
      chunk('data', text(hls(`${it.url}/wav.ts`))),
    ]),
    'a tag with a playlist behind it': Buffer.concat([
      id3('TIT2', text('\0x')),
      text(hls(`${it.url}/id3.ts`)),
    ]),
    'a video': video,
    'a Matroska video': await it.make('a.mkv', '-i', join(it.folder, 'a.mp4'), '-c', 'copy'),
    'an MP4 that keeps its sound elsewhere': elsewhere(
      await it.make('a.m4a', ...TONE, '-c:a', 'aac'),
      `${it.url}/dref`,
    ),
    'the 55 bytes that loop in file-type': asf(),
    'song: a good one with a playlist as its cover': Buffer.concat([
      id3('APIC', Buffer.concat([text('\0image/png\0\x03\0'), text(hls(`${it.url}/apic.ts`))])),
      mp3,
    ]),
    'song: a good one whose cover is a URL': Buffer.concat([
      id3('APIC', text(`\0-->\0\x03\0${it.url}/cover.png`)),
      mp3,
    ]),
  };
}

/** The reference to this very file in an M4A made one to a URL: the flag "self-contained" goes. */
function elsewhere(m4a: Buffer, url: string): Buffer {
  const at = m4a.indexOf('url \0\0\0\x01', 0, 'latin1');
  if (at < 0) throw new Error('The M4A has no reference to itself.');
  const made = Buffer.from(m4a);
  made.writeUInt8(0, at + 7);
  return Buffer.concat([made, Buffer.from(url)]);
}

/** CVE-2026-31808: an ASF header whose sub-object has no length. */
function asf(): Buffer {
  const head = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex');
  return Buffer.concat([head, Buffer.alloc(55 - head.length)]);
}

async function ends(who: Person, bytes: Buffer, fileName: string): Promise<Track> {
  const track = await who.uploads(bytes, { fileName });
  return who.waitsFor(track, 'FAILED').catch(async (error: Error) => {
    const { body } = await who.get<Track>(`/v1/tracks/${track.id}`);
    if (body.status === 'READY') return body;
    throw error;
  });
}

/** Files that name others: none is fetched, none is read, and the worker goes on. */
export async function filesThatNameOthers(): Promise<void> {
  await using it = await trap();
  // Without the whitelist ffmpeg would do as it is told: the trap works.
  const list = join(it.folder, 'control.m3u8');
  await writeFile(list, hls(`${it.url}/control.ts`));
  const open = ['-protocol_whitelist', 'file,http,tcp', '-allowed_extensions', 'ALL'];
  const control = [...open, '-f', 'hls', '-i', list, '-f', 'null', '-'];
  await run(ffmpeg(), ['-v', 'quiet', ...control]).catch(() => {});
  expect(it.hits()).toBeGreaterThan(0);
  const before = it.hits();

  const alice = await given.user();
  const files = Object.entries(await corpus(it));
  const wrong: string[] = [];
  await Promise.all(
    files.map(async ([name, bytes]) => {
      const track = await ends(alice, bytes, 'song.mp3');
      const expected = name.startsWith('song') ? 'READY' : 'FAILED';
      if (track.status !== expected) wrong.push(`${name} → ${track.status} ${track.error?.code}`);
      if (track.error?.code === 'INTERNAL') wrong.push(`${name} → INTERNAL`);
      const told = JSON.stringify(track);
      if (told.includes(SECRET)) wrong.push(`${name} shows the secret`);
      if (/\/tmp\/|mixdown-|Traceback|Invalid data/.test(track.error?.message ?? ''))
        wrong.push(told);
      if (track.status === 'READY') await holdsNoSecret(alice, track, wrong);
    }),
  );
  expect(wrong).toEqual([]);
  expect(it.hits() - before).toBe(0);
}

async function holdsNoSecret(who: Person, track: Track, wrong: string[]): Promise<void> {
  expect(track.derivatives?.map((d) => d.name)).not.toContain('cover');
  for (const { name } of track.derivatives ?? []) {
    const { body } = await who.get<{ url: string }>(`/v1/tracks/${track.id}/derivatives/${name}`);
    const bytes = Buffer.from(await (await fetch(body.url)).arrayBuffer());
    if (bytes.includes(SECRET)) wrong.push(`${name} holds the secret`);
  }
}

/** One entry of a ZIP. */
function zip(entries: { name: string; data: Buffer; size?: number }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, size = data.length } of entries) {
    const packed = deflateRawSync(data);
    const fields = Buffer.alloc(22);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    const names = Buffer.alloc(4);
    names.writeUInt16LE(name.length, 0);
    const local = [Buffer.from('PK\x03\x04', 'latin1'), fields, names, Buffer.from(name), packed];
    const where = Buffer.alloc(14);
    where.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 3]);
    directory.push(
      Buffer.from('PK\x01\x02', 'latin1'),
      made,
      fields,
      names,
      where,
      Buffer.from(name),
    );
    parts.push(...local);
    at += local.reduce((sum, b) => sum + b.length, 0);
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length % 65536, 4);
  end.writeUInt16LE(entries.length % 65536, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

/** Archives named as songs: refused soon, never unpacked. */
export async function bombs(): Promise<void> {
  const alice = await given.user();
  const noughts = Buffer.alloc(20 * 1024 * 1024);
  const inner = zip([{ name: 'song.mp3', data: noughts }]);
  const files = {
    bomb: inner,
    nested: zip([{ name: 'in.zip', data: zip([{ name: 'in.zip', data: inner }]) }]),
    'many entries': zip(
      Array.from({ length: 5000 }, (_, n) => ({ name: `${n}`, data: Buffer.alloc(0) })),
    ),
    'names that climb': zip([{ name: '../../../../tmp/x', data: Buffer.from('x') }]),
    'lies of its size': zip([{ name: 'a', data: noughts, size: 1 }]),
    gzip: Buffer.concat([Buffer.from('1f8b0800000000000003', 'hex'), deflateRawSync(noughts)]),
    'a tag in front': Buffer.concat([id3('TIT2', Buffer.from('\0x')), inner]),
  };
  const wrong: string[] = [];
  const started = performance.now();
  await ends(alice, Buffer.from('no music at all'), 'song.mp3');
  // What a file takes that is no archive, and more where the machine is busy.
  const most = Math.max(10_000, 20 * (performance.now() - started));
  await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      const begun = performance.now();
      const { status, error } = await ends(alice, bytes, 'song.mp3');
      const ms = performance.now() - begun;
      const isKnown = ['UNSUPPORTED_MEDIA', 'CORRUPT_MEDIA'].includes(error?.code ?? '');
      if (status !== 'FAILED' || !isKnown) wrong.push(`${name} → ${status} ${error?.code}`);
      if (ms > most) wrong.push(`${name} took ${ms.toFixed(0)} ms`);
    }),
  );
  expect(wrong).toEqual([]);
}

/**
 * Texts that make the naming of a foreign file try for ever. In a process of its own: a regular
 * expression that has begun cannot be stopped.
 */
export async function texts(): Promise<void> {
  const worst = {
    comments: '<!---->'.repeat(600),
    'comments behind a declaration': `<?xml?>${'<!-- -->\n'.repeat(500)}<`,
    'a type that does not end': `<!doctype svg ${'<!---->'.repeat(600)}`,
    blanks: `<?xml?>${' '.repeat(8000)}`,
  };
  const script = `
    import { openBounded } from ${JSON.stringify(join(process.cwd(), 'src/services/media/bounded-file.ts'))};
    import { buildRefusal } from ${JSON.stringify(join(process.cwd(), 'src/services/media/foreign-format.ts'))};
    const file = await openBounded(process.argv[1], new AbortController().signal);
    console.log((await buildRefusal(file, { accepted: 'x', contentTypes: [], noun: 'x' })).code);`;
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-texts-'));
  try {
    const stuck: string[] = [];
    await Promise.all(
      Object.entries(worst).map(async ([name, text], n) => {
        const path = join(folder, String(n));
        await writeFile(path, text);
        const args = ['--input-type=module', '-e', script, path];
        // In seconds of CPU time, which a busy machine does not lengthen.
        const limited = ['--cpu=3', process.execPath, ...args];
        await run('prlimit', limited).catch((error: Error & { signal?: string }) => {
          if (!['SIGXCPU', 'SIGKILL'].includes(error.signal ?? '')) throw error;
          stuck.push(name);
        });
      }),
    );
    expect(stuck).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
