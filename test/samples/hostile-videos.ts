import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { box, FFMPEG, noise } from './audio.ts';
import { element, withBoxes, words } from './mp4-edit.ts';
import { ENCODED, film, silent } from './videos.ts';

const run = promisify(execFile);

/** A file that nobody means well by, and how it has to end: refused with one of these codes, or harmless. */
export interface HostileVideo {
  name: string;
  make(path: string): Promise<void>;
  expect: readonly string[] | 'READY';
}

/** Where a file that calls out would call; the test listens there. */
export const CANARY = 'http://127.0.0.1:47119/canary.ts';

const bases = new Map<string, Promise<Buffer>>();

/** An honest file, made once. */
function base(name: string, ...args: string[]): Promise<Buffer> {
  const known = bases.get(name);
  if (known) return known;
  const made = (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mixdown-base-'));
    try {
      await run(FFMPEG, ['-v', 'error', '-y', ...args, join(folder, name)]);
      return await readFile(join(folder, name));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  })();
  bases.set(name, made);
  return made;
}

const x264 = [...(ENCODED.h264 ?? []), '-g', '10'];
const mp4 = () => base('good.mp4', ...film(), ...x264, '-c:a', 'aac');
const front = () => base('front.mp4', ...film(), ...x264, '-c:a', 'aac', '-movflags', '+faststart');
const mkv = () => base('good.mkv', ...film(), ...x264, '-c:a', 'aac');
const webm = () => base('good.webm', ...film(), ...(ENCODED.vp8 ?? []), '-c:a', 'libvorbis');

const ftyp = box('ftyp', Buffer.from('isom\0\0\0\0isomavc1'));
const STBL = ['moov', 'trak', 'mdia', 'minf', 'stbl'];
const MKV = element('1a45dfa3', element('4282', Buffer.from('matroska')));

const CORRUPT = ['CORRUPT_MEDIA'] as const;
const FOREIGN = ['UNSUPPORTED_MEDIA'] as const;
const COMPLEX = ['TOO_COMPLEX'] as const;
const LONG = ['TOO_LONG'] as const;
const NONE = ['NO_VIDEO'] as const;
/** Refused, or shown as far as it can be: either is harmless. */
const ANY = [
  'READY',
  'CORRUPT_MEDIA',
  'TOO_COMPLEX',
  'TOO_LONG',
  'TIMED_OUT',
  'UNSUPPORTED_MEDIA',
  'NO_VIDEO',
] as const;

type Content = Buffer | string;
const from = (
  name: string,
  expect: HostileVideo['expect'],
  content: () => Content | Promise<Content>,
): HostileVideo => ({
  name,
  expect,
  make: async (path) => writeFile(path, await content()),
});

const flipped = (bytes: Buffer, seed: number): Buffer => {
  const copy = Buffer.from(bytes);
  const where = noise(600, seed);
  for (let n = 0; n < 150; n++) {
    const at = (where.readUInt32BE(n * 4) * 65_537) % copy.length;
    copy[at] = (copy[at] ?? 0) ^ (1 << (n % 8));
  }
  return copy;
};

const cut = (bytes: Buffer, part: number) => bytes.subarray(0, Math.floor(bytes.length * part));

/** A chain of boxes, each within the other. */
function nested(name: string, depth: number): Buffer {
  const head = Buffer.alloc(depth * 8);
  for (let n = 0; n < depth; n++) {
    head.writeUInt32BE((depth - n) * 8, n * 8);
    head.write(name, n * 8 + 4, 'latin1');
  }
  return head;
}

async function withDuration(seconds: number): Promise<Buffer> {
  let bytes = await mp4();
  const claim = (body: Buffer) => {
    const changed = Buffer.from(body);
    changed.writeUInt32BE(1, 12);
    changed.writeUInt32BE(seconds, 16);
    return changed;
  };
  bytes = withBoxes(bytes, ['moov', 'mvhd'], claim);
  return withBoxes(bytes, ['moov', 'trak', 'mdia', 'mdhd'], claim);
}

async function withEdits(entries: number): Promise<Buffer> {
  const edits = Buffer.from('000000010000000000010000'.repeat(entries), 'hex');
  const elst = box('elst', words(0, entries), edits);
  return withBoxes(await mp4(), ['moov', 'trak', 'edts'], () => elst);
}

/** The samples are elsewhere: `kind` says how, `where` where. */
async function withReference(kind: string, where: string): Promise<Buffer> {
  const entry = box(kind, words(0), Buffer.from(`${where}\0`));
  const dref = box('dref', words(0, 1), entry);
  return withBoxes(await mp4(), ['moov', 'trak', 'mdia', 'minf', 'dinf'], () => dref);
}

async function withLacing(flags: number): Promise<Buffer> {
  const bytes = Buffer.from(await mkv());
  const clusters = bytes.indexOf('1f43b675', 0, 'hex');
  for (let at = bytes.indexOf(0xa3, clusters); at > 0; at = bytes.indexOf(0xa3, at + 1)) {
    const size = bytes[at + 1] ?? 0;
    const head = at + 1 + Math.clz32(size) - 23;
    if ((bytes[head] ?? 0) === 0x81 || (bytes[head] ?? 0) === 0x82) {
      bytes[head + 3] = ((bytes[head + 3] ?? 0) & 0x80) | flags;
      bytes[head + 4] = 0xff;
    }
  }
  return bytes;
}

function mkvTrack(...more: Buffer[]): Buffer {
  const picture = element(
    'e0',
    Buffer.concat([element('b0', Buffer.from([160])), element('ba', Buffer.from([90]))]),
  );
  const fields = [
    element('d7', Buffer.from([1])),
    element('83', Buffer.from([1])),
    element('86', Buffer.from('V_VP8')),
    picture,
  ];
  return element('1654ae6b', element('ae', Buffer.concat([...fields, ...more])));
}

/** A playlist that would have the canary called. */
export const PLAYLIST = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${CANARY}\n#EXT-X-ENDLIST\n`;

/** An AVI of one frame, with a subtitle stream that holds a playlist (`GAB2`). */
async function avi(): Promise<Buffer> {
  const bytes = await base('plain.avi', ...silent('64x64', 1), '-c:v', 'mpeg4');
  const text = Buffer.concat([
    Buffer.from('GAB2\0\x02\0\0\0\0\0\0\0\x04\0'),
    Buffer.from(PLAYLIST),
  ]);
  return Buffer.concat([bytes, text]);
}

export const hostileVideos: readonly HostileVideo[] = [
  from('nothing', CORRUPT, () => ''),
  from('one byte', CORRUPT, () => Buffer.from([0])),
  from('noise', CORRUPT, () => noise(300_000)),
  from('zeros', CORRUPT, () => Buffer.alloc(100_000)),

  from('an MP4 without its index', CORRUPT, () =>
    Buffer.concat([ftyp, box('mdat', noise(50_000))]),
  ),
  from('an MP4 whose index claims 1 GB', CORRUPT, () =>
    Buffer.concat([ftyp, Buffer.from('400000006d6f6f76', 'hex'), noise(5000)]),
  ),
  from('an MP4 whose index claims 2^63 bytes', CORRUPT, () =>
    Buffer.concat([ftyp, Buffer.from('000000016d6f6f767fffffffffffffff', 'hex'), noise(5000)]),
  ),
  from('boxes of size 1 without a size', CORRUPT, () =>
    Buffer.concat([ftyp, Buffer.from('000000016d6f6f760000000000000001', 'hex'), noise(100)]),
  ),
  from('100,000 boxes, each within the other', NONE, () =>
    Buffer.concat([ftyp, nested('moov', 100_000)]),
  ),
  from('100,000 tracks, each within the other', [...CORRUPT, ...NONE], () =>
    Buffer.concat([ftyp, box('moov', nested('trak', 100_000))]),
  ),
  from('1,000 tracks', COMPLEX, async () => {
    const good = await mp4();
    return withBoxes(good, ['moov', 'trak'], (body) => Array.from({ length: 500 }, () => body));
  }),
  from('16 tracks of pictures', ANY, async () => {
    const good = await base('mute.mp4', ...silent(), ...x264);
    return withBoxes(good, ['moov', 'trak'], (body) => Array.from({ length: 16 }, () => body));
  }),
  from('a million boxes of nothing', COMPLEX, () =>
    Buffer.concat([ftyp, Buffer.from('0000000866726565'.repeat(1_000_000), 'hex')]),
  ),
  from('a million entries in the table of times', ANY, async () =>
    withBoxes(await mp4(), [...STBL, 'stts'], () =>
      Buffer.concat([
        words(0, 1_000_000),
        Buffer.from('0000000100000001'.repeat(1_000_000), 'hex'),
      ]),
    ),
  ),
  from('a table of times that claims 2^32 entries', ANY, async () =>
    withBoxes(await mp4(), [...STBL, 'stts'], () => words(0, -1, 1, 512)),
  ),
  from('negative offsets in the order of frames', ANY, async () =>
    withBoxes(await mp4(), STBL, (body) =>
      Buffer.concat([body, box('ctts', words(0x01000000, 2, 25, -(2 ** 31), 25, 2 ** 31 - 1))]),
    ),
  ),
  from('frames of no length', ANY, async () =>
    withBoxes(await mp4(), [...STBL, 'stts'], () => words(0, 1, 50, 0)),
  ),
  from('a clock that never ticks', ANY, async () =>
    withBoxes(await mp4(), ['moov', 'trak', 'mdia', 'mdhd'], () => words(0, 0, 0, 0, 1000, 0)),
  ),
  from('a million frames a second', COMPLEX, async () =>
    withBoxes(await mp4(), ['moov', 'trak', 'mdia', 'mdhd'], () =>
      words(0, 0, 0, 2 ** 30, 1024, 0),
    ),
  ),
  from('a claim of 400,000 seconds', LONG, () => withDuration(400_000)),
  from('400,000 seconds that are not claimed', ANY, async () =>
    withBoxes(await mp4(), [...STBL, 'stts'], () => words(0, 1, 50, 2 ** 27)),
  ),
  from('offsets beyond the end of the file', CORRUPT, async () =>
    withBoxes(await mp4(), [...STBL, 'stco'], (body) =>
      Buffer.concat([body.subarray(0, 8), Buffer.alloc(body.length - 8, 0x7f)]),
    ),
  ),
  from('samples of 2 GB each', CORRUPT, async () =>
    withBoxes(await mp4(), [...STBL, 'stsz'], () => words(0, 0x7fffffff, 50)),
  ),
  from('100,000 edits', COMPLEX, () => withEdits(100_000)),
  from('999 edits of nothing', ANY, () => withEdits(999)),
  from('100,000 fragments', COMPLEX, async () => {
    const moof = box('moof', box('mfhd', words(0, 1)));
    return Buffer.concat([await front(), ...Array.from({ length: 100_000 }, () => moof)]);
  }),
  from('pictures at a URL', FOREIGN, () => withReference('url ', CANARY)),
  from('pictures in another file', FOREIGN, () => withReference('alis', '/etc/passwd')),
  from('a movie that refers to another', NONE, () => {
    const rdrf = box(
      'rdrf',
      words(0),
      Buffer.from('url '),
      words(CANARY.length),
      Buffer.from(CANARY),
    );
    return Buffer.concat([box('moov', box('rmra', box('rmda', rdrf)))]);
  }),
  from('an index that is packed', NONE, () => {
    const zlib = gzipSync(Buffer.alloc(10_000_000));
    return Buffer.concat([ftyp, box('moov', box('cmov', box('cmvd', words(10_000_000), zlib)))]);
  }),
  from('pictures protected against copying', FOREIGN, async () => {
    const bytes = Buffer.from(await mp4());
    bytes.write('encv', bytes.indexOf('avc1', bytes.indexOf('stsd')), 'latin1');
    return bytes;
  }),
  from('pictures in an unknown encoding', FOREIGN, async () => {
    const bytes = Buffer.from(await mp4());
    bytes.write('\0<a>', bytes.indexOf('avc1', bytes.indexOf('stsd')), 'latin1');
    return bytes;
  }),
  from('8192 × 8192 pixels', COMPLEX, () =>
    base('8k.mp4', ...silent('8192x8192', 1, '1'), ...(ENCODED.mjpeg ?? [])),
  ),
  from('8192 × 8192 pixels that claim to be few', [...CORRUPT, ...COMPLEX], async () => {
    const bytes = await base(
      '8k-h264.mp4',
      ...silent('8192x8192', 1, '1'),
      ...(ENCODED.h264 ?? []),
    );
    return withBoxes(bytes, [...STBL, 'stsd'], (body) => {
      const changed = Buffer.from(body);
      changed.writeUInt32BE((320 << 16) | 180, 8 + 8 + 24);
      return changed;
    });
  }),
  from('no pixels', CORRUPT, async () =>
    withBoxes(await mp4(), [...STBL, 'stsd'], (body) => {
      const changed = Buffer.from(body);
      changed.writeUInt32BE(0, 8 + 8 + 24);
      return changed;
    }),
  ),
  from('an MP4 cut to a tenth', CORRUPT, async () => cut(await front(), 0.1)),
  from('an MP4 cut to the half', ANY, async () => cut(await front(), 0.5)),
  from('an MP4 cut within its index', CORRUPT, async () => (await front()).subarray(0, 700)),
  from('an MP4 without its last byte', CORRUPT, async () => cut(await mp4(), 0.9999)),
  ...[1, 2, 3, 4].map((seed) =>
    from(`an MP4 with bits turned over (${seed})`, ANY, async () => flipped(await mp4(), seed)),
  ),

  from('a Matroska file of a header alone', CORRUPT, () => MKV),
  from('a Matroska file of noise', [...CORRUPT, ...COMPLEX], () =>
    Buffer.concat([MKV, element('18538067', noise(50_000))]),
  ),
  from('sizes of 2^52 in a Matroska file', [...CORRUPT, ...COMPLEX], () =>
    Buffer.concat([MKV, element('18538067', element('1654ae6b', noise(100), 2 ** 52), 2 ** 52)]),
  ),
  from('a million elements in a Matroska file', COMPLEX, () =>
    Buffer.concat([MKV, element('18538067', Buffer.from('ec80'.repeat(1_000_000), 'hex'))]),
  ),
  from('elements each within the other', [...CORRUPT, ...COMPLEX, ...NONE], () => {
    let body: Buffer = Buffer.alloc(0);
    for (let n = 0; n < 2000; n++) body = element('ae', body);
    return Buffer.concat([MKV, element('18538067', element('1654ae6b', body))]);
  }),
  from('a Matroska file that ends nowhere', ANY, async () => {
    const good = Buffer.from(await mkv());
    const at = good.indexOf('18538067', 0, 'hex');
    good.fill(0xff, at + 5, at + 12);
    good[at + 4] = 0x01;
    return good;
  }),
  from('laced frames of nonsense (Xiph)', ANY, () => withLacing(0x02)),
  from('laced frames of nonsense (EBML)', ANY, () => withLacing(0x06)),
  from('frames that unpack to any size', FOREIGN, () => {
    const packed = element(
      '6d80',
      element('6240', element('5034', element('4254', Buffer.from([0])))),
    );
    return Buffer.concat([MKV, element('18538067', mkvTrack(packed))]);
  }),
  from('a Matroska file that lasts 10^300 seconds', LONG, () => {
    const lasting = Buffer.alloc(8);
    lasting.writeDoubleBE(1e300);
    const info = element('1549a966', element('4489', lasting));
    return Buffer.concat([MKV, element('18538067', Buffer.concat([info, mkvTrack()]))]);
  }),
  from('a Matroska file without a frame', CORRUPT, () =>
    Buffer.concat([MKV, element('18538067', mkvTrack())]),
  ),
  from('a Matroska file cut to the half', ANY, async () => cut(await mkv(), 0.5)),
  from('a WebM cut to a tenth', ANY, async () => cut(await webm(), 0.1)),
  ...[5, 6].map((seed) =>
    from(`a Matroska file with bits turned over (${seed})`, ANY, async () =>
      flipped(await mkv(), seed),
    ),
  ),
  ...[7, 8].map((seed) =>
    from(`a WebM with bits turned over (${seed})`, ANY, async () => flipped(await webm(), seed)),
  ),

  from('an ASF header that loops', [...FOREIGN, ...CORRUPT], () =>
    Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(39)]),
  ),
  from('an HLS playlist', FOREIGN, () => PLAYLIST),
  from(
    'a DASH manifest',
    FOREIGN,
    () =>
      `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${CANARY}</BaseURL></MPD>`,
  ),
  from(
    'a session description',
    FOREIGN,
    () => 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 47119 RTP/AVP 96\r\n',
  ),
  from('a list of files', FOREIGN, () => `ffconcat version 1.0\nfile ${CANARY}\n`),
  from('a SMIL playlist', FOREIGN, () => `<smil><body><video src="${CANARY}"/></body></smil>`),
  from('an AVI with a playlist as its subtitles', FOREIGN, avi),
  from('an MPEG transport stream', FOREIGN, () =>
    base('plain.ts', ...film(), ...x264, '-c:a', 'aac'),
  ),
  from('a Flash video', FOREIGN, () =>
    base('plain.flv', ...film('320x180', 1), '-c:v', 'flv1', '-ar', '44100'),
  ),
  from('an Ogg', FOREIGN, () => base('plain.ogg', '-f', 'lavfi', '-i', 'sine=d=1')),
  from('a ZIP', FOREIGN, () => Buffer.from(`504b0304${'00'.repeat(60)}`, 'hex')),
  from('a bomb of zeros, packed', FOREIGN, () => gzipSync(Buffer.alloc(50_000_000))),
  from('a PNG', FOREIGN, () => base('plain.png', ...silent('64x64', 1), '-frames:v', '1')),
  from('a page', FOREIGN, () => '<!DOCTYPE html><html><script>alert(1)</script></html>'),
  from('a page behind the head of an MP4', CORRUPT, () =>
    Buffer.concat([ftyp, Buffer.from('<html><script>alert(1)</script></html>')]),
  ),
  from('an SVG behind the head of an MP4', CORRUPT, () =>
    Buffer.concat([ftyp, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]),
  ),
  from('a script behind the head of an MP4', CORRUPT, () =>
    Buffer.concat([Buffer.from('\0\0\0\x1cftyp/*  '), Buffer.from('*/=alert(1);//'.padEnd(200))]),
  ),
  from('a picture in the clothes of an MP4', FOREIGN, () =>
    Buffer.concat([box('ftyp', Buffer.from('heic\0\0\0\0mif1heic')), noise(500)]),
  ),
  from('sound alone', NONE, () =>
    base('sound.m4a', '-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac'),
  ),
  from('sound alone, in WebM', NONE, () => base('sound.webm', '-f', 'lavfi', '-i', 'sine=d=1')),
];
