import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { box, FFMPEG, noise, wav, wavHead } from './audio.ts';
import { CANARY, PLAYLIST } from './hostile-videos.ts';

const run = promisify(execFile);

/** A file that somebody might send to harm as sound, and what may become of it. */
export interface HostileAudio {
  name: string;
  make(path: string): Promise<void>;
  /** Codes of the refusal, or READY where it is accepted and what is heard is made anew. */
  expect: readonly string[];
  /** What the refusal says. */
  says?: RegExp;
}

type Content = Buffer | string;
const is = (
  name: string,
  expect: readonly string[],
  content: () => Content | Promise<Content>,
  says?: RegExp,
): HostileAudio => ({
  ...{ name, expect, ...(says && { says }) },
  make: async (path) => writeFile(path, await content()),
});

const CORRUPT = ['CORRUPT_MEDIA'];
const FOREIGN = ['UNSUPPORTED_MEDIA'];
const READY = ['READY'];

async function made(name: string, ...args: string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-base-'));
  try {
    await run(FFMPEG, ['-v', 'error', '-y', ...args, join(folder, name)]);
    return await readFile(join(folder, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const tone = (name: string, ...args: string[]) =>
  made(name, '-f', 'lavfi', '-i', 'sine=d=3', ...args);

/** The head of an ID3 tag that claims to be this long. */
const id3 = (size: number) =>
  Buffer.from([
    ...[0x49, 0x44, 0x33, 3, 0, 0],
    ...[21, 14, 7, 0].map((shift) => (size >> shift) & 127),
  ]);

/** A tag of one frame in front of a file. */
function tagged(frame: string, body: Buffer, rest: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.write(frame, 'latin1');
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([id3(10 + body.length), head, body, rest]);
}

const mp4 = (...boxes: Buffer[]) =>
  Buffer.concat([box('ftyp', Buffer.from('M4A \0\0\0\0M4A isom')), ...boxes]);

/** The reference to this very file in an M4A made one to a URL: the flag "in this file" goes. */
async function elsewhere(): Promise<Buffer> {
  const m4a = await tone('a.m4a', '-c:a', 'aac');
  m4a[m4a.indexOf('url ', m4a.indexOf('dref'), 'latin1') + 7] = 0;
  return Buffer.concat([m4a, Buffer.from(CANARY)]);
}

/** A FLAC file with a PICTURE block after its first one (RFC 9639 §8.8). */
async function withPicture(picture: Buffer): Promise<Buffer> {
  const flac = await tone('a.flac');
  const fields = Buffer.alloc(42);
  fields.writeUInt32BE(3, 0);
  fields.writeUInt32BE(10, 4);
  fields.write('image/jpeg', 8);
  fields.writeUInt32BE(picture.length, 38);
  const head = Buffer.alloc(4);
  head.writeUInt32BE((6 << 24) | (fields.length + picture.length));
  return Buffer.concat([flac.subarray(0, 42), head, fields, picture, flac.subarray(42)]);
}

/** One file after the other: a chain of that many recordings, each with headers of its own. */
async function chained(count: number): Promise<Buffer> {
  const one = await made('s.ogg', '-f', 'lavfi', '-i', 'sine=d=0.01', '-c:a', 'libvorbis');
  return Buffer.concat(Array.from({ length: count }, () => one));
}

/** A tar of one link out of its folder. */
function tar(): Buffer {
  const head = Buffer.alloc(1024);
  head.write('song.mp3', 0);
  head.write('0000777', 100);
  head.write('        2', 148);
  head.write('/etc/passwd', 157);
  head.write('ustar\x0000', 257);
  const sum = head.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  head.write(`${(sum + 7 * 32).toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

/** A PNG of 30,000 pixels a side, as a cover. */
function hugeCover(): Buffer {
  const head = Buffer.from('0000000d49484452000075300000753001000000000000000000', 'hex');
  head.writeUInt32BE(crc32(head.subarray(4, 21)), 21);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), head, noise(500)]);
}

const apic = (mime: string, data: Buffer) =>
  Buffer.concat([Buffer.from(`\0${mime}\0\x03\0`), data]);

/** What is sent as sound and is something else, broken, too much, or a list of other things. */
export const hostileAudios: readonly HostileAudio[] = [
  // Other things by name.
  is(
    'a PNG',
    FOREIGN,
    () => Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
    /PNG image/,
  ),
  is(
    'an HTML page',
    FOREIGN,
    () => '<!DOCTYPE html><html><script>alert(1)</script></html>',
    /HTML/,
  ),
  is(
    'an SVG',
    FOREIGN,
    () => '<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>',
    /SVG/,
  ),
  is('an HLS playlist', FOREIGN, () => PLAYLIST, /M3U8/),
  is('an HLS playlist behind a byte order mark', FOREIGN, () => `\ufeff\n${PLAYLIST}`, /M3U8/),
  is('an HLS playlist of datagrams', FOREIGN, () => PLAYLIST.replace('http', 'udp'), /M3U8/),
  is(
    'a DASH manifest',
    FOREIGN,
    () => '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    /DASH/,
  ),
  is('an ffconcat script', FOREIGN, () => 'ffconcat version 1.0\nfile /etc/passwd\n', /ffconcat/),
  is('a PLS list', FOREIGN, () => `[playlist]\nFile1=${CANARY}\nNumberOfEntries=1\n`, /PLS/),
  is('an SDP', FOREIGN, () => 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n', /SDP/),
  is('a text', FOREIGN, () => 'file:///etc/passwd is what I would like to hear', /text/),
  is('a ZIP', FOREIGN, () => Buffer.from(`504b0304${'00'.repeat(60)}`, 'hex'), /ZIP/),
  is('a gzip', FOREIGN, () => gzipSync(Buffer.alloc(1000)), /GZ/),
  is('a gzip bomb', FOREIGN, () => gzipSync(Buffer.alloc(50_000_000))),
  is('a Zstandard bomb', FOREIGN, () => zstdCompressSync(Buffer.alloc(50_000_000))),
  is('a tar with a link out of it', FOREIGN, tar),
  is('a PDF', FOREIGN, () => '%PDF-1.7\n1 0 obj<</JS(x)>>endobj\n'),
  is('MPEG audio of layer II', FOREIGN, () => tone('a.mp2', '-c:a', 'mp2')),
  is('a WAV of G.726', FOREIGN, () => tone('a.wav', '-ac', '1', '-ar', '8000', '-c:a', 'g726')),
  is('a video', FOREIGN, () =>
    made(
      ...(['v.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=1'] as const),
      ...['-f', 'lavfi', '-i', 'sine=d=1', '-c:v', 'mpeg4'],
    ),
  ),
  is('an ASF header that loops', [...FOREIGN, ...CORRUPT], () =>
    Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(39)]),
  ),
  is('an M4A that keeps its sound at a URL', FOREIGN, elsewhere),
  // Not what they claim.
  is('nothing', CORRUPT, () => Buffer.alloc(0)),
  is('one byte', CORRUPT, () => Buffer.from([0xff])),
  is('noise', CORRUPT, () => noise(300_000)),
  is('zeros', CORRUPT, () => Buffer.alloc(100_000)),
  is('a tag that claims 100 MB', CORRUPT, () => Buffer.concat([id3(100_000_000), noise(2000)])),
  is('a tag and then noise', CORRUPT, () =>
    Buffer.concat([id3(100), Buffer.alloc(100), noise(2000)]),
  ),
  is('a tag with a playlist behind it', CORRUPT, () =>
    tagged('TIT2', Buffer.from('\0x'), Buffer.from(PLAYLIST)),
  ),
  is('a WAV with a playlist for its sound', ['READY', ...CORRUPT], () =>
    Buffer.concat([wavHead(44_100, PLAYLIST.length), Buffer.from(PLAYLIST)]),
  ),
  is('a FLAC of noise', CORRUPT, () => Buffer.concat([Buffer.from('fLaC'), noise(5000)])),
  is('an Ogg of noise', CORRUPT, () => Buffer.concat([Buffer.from('OggS'), noise(5000)])),
  is('a WAV without data', CORRUPT, () => wavHead(44_100, 0).subarray(0, 36)),
  is('a WAV with no samples', CORRUPT, () => wavHead(44_100, 0)),
  is('an MP4 whose index claims 1 GB', CORRUPT, () =>
    mp4(Buffer.from('400000006d6f6f76', 'hex'), noise(1000)),
  ),
  is('an MP4 without an index', CORRUPT, () => mp4(box('mdat', noise(5000)))),
  is('an MP4 with boxes of size 1', CORRUPT, () =>
    mp4(Buffer.from('000000016d6f6f760000000000000001', 'hex'), noise(100)),
  ),
  // Too much.
  is('a WAV of 400,000 seconds', ['TOO_LONG'], () =>
    Buffer.concat([wavHead(4000, 3_200_123_458), noise(10_000)]),
  ),
  is('an M4A of nine tracks', ['TOO_COMPLEX'], () =>
    tone('nine.m4a', ...Array.from({ length: 9 }, () => ['-map', '0:a']).flat(), '-c:a', 'aac'),
  ),
  is('an Ogg of 10,000 recordings', ['READY', ...CORRUPT, 'TOO_COMPLEX', 'TIMED_OUT'], () =>
    chained(10_000),
  ),
  // Sound that bears something else: what is heard and shown is made anew.
  is('a WAV that claims 4 GB, as one that was streamed', READY, () => {
    const bytes = wav(new Float32Array(44_100 * 2).fill(0.1));
    bytes.writeUInt32LE(0xffff_ffff, 40);
    return bytes;
  }),
  is('a FLAC with a picture of 16 MB', READY, () => withPicture(noise(16_000_000))),
  is('an MP3 with a playlist as its cover', READY, async () =>
    tagged('APIC', apic('image/png', Buffer.from(PLAYLIST)), await tone('a.mp3')),
  ),
  is('an MP3 whose cover is a URL', READY, async () =>
    tagged('APIC', apic('-->', Buffer.from(CANARY)), await tone('a.mp3')),
  ),
  is('an MP3 whose cover has 900 million pixels', READY, async () =>
    tagged('APIC', apic('image/png', hugeCover()), await tone('a.mp3')),
  ),
  is('an MP3 with a page in its tag', READY, async () =>
    tagged('TIT2', Buffer.from('\0<script>alert(1)</script>'), await tone('a.mp3')),
  ),
];
