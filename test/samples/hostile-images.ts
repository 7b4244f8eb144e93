import { writeFile } from 'node:fs/promises';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { box, noise } from './audio.ts';

/** A file that somebody might send to harm, and what may become of it. */
export interface HostileImage {
  name: string;
  make(path: string): Promise<void>;
  /** Codes of the refusal, or READY where it is accepted and what is shown is made anew. */
  expect: readonly string[];
}

const SCRIPT = '<script>alert(document.domain)</script>';
/** The test file of the anti-virus industry, in two halves so that this file is none. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(
  '',
);

const CORRUPT = ['CORRUPT_MEDIA'];
const FOREIGN = ['UNSUPPORTED_MEDIA'];
const LARGE = ['TOO_LARGE'];
const COMPLEX = ['TOO_COMPLEX'];
const READY = ['READY'];

/** Files made to exhaust, to mislead or to be shown as something else: each made when asked for. */
export const hostileImages: readonly HostileImage[] = [
  // Too many pixels.
  is('a PNG of 16384²', LARGE, () => flatPng(16_384, 16_384)),
  is('a PNG of 50000²', LARGE, () => flatPng(50_000, 50_000)),
  is('a PNG of 2³¹ - 1 a side', LARGE, () => png(ihdr(2 ** 31 - 1, 2 ** 31 - 1), idat(1000), IEND)),
  is('a PNG of one row of 40 million', LARGE, () => flatPng(40_000_000, 1)),
  is('a JPEG of 16384²', LARGE, async () => withFrame(await small('jpeg'), 16_384, 16_384)),
  is('a JPEG of 65500²', LARGE, async () => withFrame(await small('jpeg'), 65_500, 65_500)),
  is('a WebP of 16383²', LARGE, async () => {
    const bytes = await small('webp');
    bytes.writeUInt16LE(16_383, 26);
    bytes.writeUInt16LE(16_383, 28);
    return bytes;
  }),
  is('a WebP whose canvas is 16 million a side', LARGE, () => webp(vp8x(2 ** 24, 2 ** 24))),
  is('a GIF of 65535²', LARGE, () => gif(65_535, 65_535, gifFrame(1, 1))),
  is('a GIF whose frame is larger than its screen', LARGE, () =>
    gif(1, 1, gifFrame(65_535, 65_535)),
  ),
  is('a TIFF of 60000²', LARGE, () => tiff([entry(256, 60_000), entry(257, 60_000)])),
  is('an AVIF that claims 65536²', LARGE, async () =>
    withExtent(await small('avif'), 65_536, 65_536),
  ),
  // Not what they claim.
  is('a JPEG that claims more rows than it has', [...CORRUPT, 'READY'], async () =>
    withFrame(await small('jpeg'), 64, 60_000 / 4),
  ),
  is('an AVIF that claims less than it decodes to', CORRUPT, async () =>
    withExtent(await avif(3000, 2000), 64, 64),
  ),
  is('a PNG of no width', CORRUPT, () => png(ihdr(0, 10), idat(10), IEND)),
  is('a JPEG of no height', CORRUPT, async () => withFrame(await small('jpeg'), 64, 0)),
  is('a HEIC with an index of noise', CORRUPT, () =>
    Buffer.concat([ftyp('heic'), box('meta', noise(99))]),
  ),
  // Too many parts.
  is('a GIF of 20000 frames', COMPLEX, () => gif(8, 8, ...Array(20_000).fill(gifFrame(8, 8)))),
  is('a GIF of 10 million sub-blocks of one byte', COMPLEX, () =>
    gif(8, 8, Buffer.from('21fe', 'hex'), Buffer.alloc(20_000_000, 1), Buffer.alloc(1)),
  ),
  is('a WebP of 100000 frames', COMPLEX, () =>
    webp(vp8x(8, 8), Buffer.concat(Array(100_000).fill(riff('ANMF', Buffer.alloc(16))))),
  ),
  is('a PNG with a million chunks ahead of its pixels', COMPLEX, () => {
    const chunks = Buffer.concat(Array(1_000_000).fill(chunk('teSt', Buffer.alloc(0))));
    return png(ihdr(8, 8), chunks, idat(100), IEND);
  }),
  is('a PNG with a million chunks behind its pixels', READY, () => {
    const chunks = Buffer.concat(Array(1_000_000).fill(chunk('teSt', Buffer.alloc(0))));
    return png(ihdr(8, 8), idat(16), chunks, IEND);
  }),
  is('a PNG with 10 MB of text in 10 KB (zTXt)', ['READY', ...CORRUPT], () => {
    const text = Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(10_000_000))]);
    return png(ihdr(8, 8), chunk('zTXt', text), idat(16), IEND);
  }),
  is('a PNG with a profile of 10 MB in 10 KB (iCCP)', ['READY', ...CORRUPT], () => {
    const profile = Buffer.concat([Buffer.from('icc\0\0'), deflateSync(Buffer.alloc(10_000_000))]);
    return png(ihdr(8, 8), chunk('iCCP', profile), idat(16), IEND);
  }),
  is('a PNG with 1000 texts of 1 MB each', ['READY', ...CORRUPT], () => {
    const text = Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(1_000_000))]);
    return png(ihdr(8, 8), Buffer.concat(Array(1000).fill(chunk('zTXt', text))), idat(16), IEND);
  }),
  is('a JPEG with 100000 markers', COMPLEX, async () =>
    afterStart(await small('jpeg'), segments(100_000)),
  ),
  is('a JPEG with 20 MB of padding', COMPLEX, async () =>
    afterStart(await small('jpeg'), Buffer.alloc(20_000_000, 0xff)),
  ),
  is('a JPEG of 10000 scans', [...CORRUPT, 'READY', 'TIMED_OUT'], () => manyScans(10_000)),
  is('a TIFF whose directories go round in a circle', CORRUPT, () => {
    const bytes = tiff([entry(256, 8), entry(257, 8), entry(278, 8), entry(273, 0), entry(279, 8)]);
    bytes.writeUInt32LE(8, 8 + 2 + 5 * 12);
    return bytes;
  }),
  is('a TIFF of 65535 tags', COMPLEX, () => {
    const bytes = Buffer.alloc(800_000);
    bytes.write('II*\0\x08\0\0\0', 'latin1');
    bytes.writeUInt16LE(65_535, 8);
    return bytes;
  }),
  is('a TIFF of 20000 pages', COMPLEX, () => chainOfPages(20_000)),
  is('a TIFF with one strip of 1 GB', COMPLEX, () =>
    tiff([
      entry(256, 10_000),
      entry(257, 10_000),
      entry(258, 16),
      entry(277, 5),
      entry(278, 10_000),
    ]),
  ),
  is('a TIFF whose strip lies beyond the end', CORRUPT, () =>
    tiff([
      ...[entry(256, 800), entry(257, 800), entry(258, 8), entry(259, 1), entry(262, 1)],
      ...[entry(273, 0xffff_0000), entry(277, 1), entry(278, 800), entry(279, 640_000)],
    ]),
  ),
  is('a TIFF whose directory lies beyond the end', CORRUPT, () => {
    const bytes = tiff([entry(256, 8)]);
    bytes.writeUInt32LE(0xffff_fff0, 4);
    return bytes;
  }),
  is('an AVIF with a box longer than what it is in', CORRUPT, async () => {
    const bytes = await small('avif');
    bytes.writeUInt32BE(0x7fff_ffff, bytes.indexOf('ipco') - 4);
    return bytes;
  }),
  is('an AVIF with a box of 1 GB', [...CORRUPT, ...COMPLEX], () =>
    Buffer.concat([ftyp('avif'), Buffer.from('40000000', 'hex'), Buffer.from('meta'), noise(1000)]),
  ),
  is('an AVIF of boxes of size nought and one', CORRUPT, () =>
    Buffer.concat([
      ftyp('avif'),
      Buffer.from('000000016d6f6f760000000000000001', 'hex'),
      noise(99),
    ]),
  ),
  is('an AVIF of a million boxes', COMPLEX, () =>
    Buffer.concat([ftyp('avif'), Buffer.concat(Array(1_000_000).fill(box('free')))]),
  ),
  is('an AVIF put together of 60000 tiles', COMPLEX, () => tiled([[1, Array(60_000).fill(2)]])),
  is('an AVIF put together of others that are put together', COMPLEX, () =>
    tiled(Array.from({ length: 20 }, (_, n) => [n + 1, [n + 2, n + 2]])),
  ),
  is('an AVIF without an index', CORRUPT, () =>
    Buffer.concat([ftyp('avif'), box('mdat', noise(5000))]),
  ),
  // Cut off.
  ...(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const).flatMap((format) =>
    ([0.02, 0.5, 0.95] as const).map((part) =>
      is(`${format.toUpperCase()}, the first ${part * 100} %`, CORRUPT, async () => {
        const bytes = await noisy(format);
        return bytes.subarray(0, Math.ceil(bytes.length * part));
      }),
    ),
  ),
  is('nothing', CORRUPT, () => Buffer.alloc(0)),
  is('one byte', CORRUPT, () => Buffer.from([0xff])),
  is('noise', CORRUPT, () => noise(300_000)),
  is('zeros', CORRUPT, () => Buffer.alloc(100_000)),
  is('the signature of a PNG and noise', CORRUPT, () => Buffer.concat([PNG, noise(9000)])),
  is('the signature of a GIF and noise', [...CORRUPT, ...LARGE], () =>
    Buffer.concat([Buffer.from('GIF89a'), noise(9000)]),
  ),
  is('the start of a JPEG and noise', CORRUPT, () =>
    Buffer.concat([Buffer.from('ffd8ff', 'hex'), noise(9000)]),
  ),
  // Two things at once: what is shown is made anew, and bears nothing of the second.
  is('a JPEG with HTML in its comment', READY, async () => {
    const text = Buffer.from(`--><html>${SCRIPT}`);
    return afterStart(await small('jpeg'), segment(0xfe, text));
  }),
  is('a JPEG with a program behind it', READY, async () =>
    Buffer.concat([await small('jpeg'), Buffer.from(SCRIPT)]),
  ),
  is('a PNG with an HTML page in its text', READY, () =>
    png(ihdr(8, 8), chunk('tEXt', Buffer.from(`Title\0${SCRIPT}`)), idat(16), IEND),
  ),
  is('a PNG with a ZIP behind it', READY, () =>
    Buffer.concat([
      png(ihdr(8, 8), idat(16), IEND),
      Buffer.from(`504b0304${'00'.repeat(60)}`, 'hex'),
    ]),
  ),
  is('a GIF that is JavaScript, too', [...CORRUPT, ...LARGE, 'READY'], () =>
    Buffer.from(`GIF89a/*${'\0'.repeat(20)}*/=1;alert(1)//`, 'latin1'),
  ),
  is('a PDF behind the head of a JPEG', CORRUPT, () =>
    Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.from('%PDF-1.4\n1 0 obj<</JS(x)>>')]),
  ),
  is('an SVG behind the signature of a PNG', CORRUPT, () =>
    Buffer.concat([PNG, Buffer.from(svg())]),
  ),
  // Other things by name.
  is('an SVG', FOREIGN, () => Buffer.from(svg())),
  is('an SVG behind a comment', FOREIGN, () =>
    Buffer.from(`<?xml version="1.0"?><!-- GIF89a -->${svg()}`),
  ),
  is('an HTML page', FOREIGN, () => Buffer.from(`<!DOCTYPE html><html>${SCRIPT}</html>`)),
  is('JavaScript', FOREIGN, () => Buffer.from('fetch("http://127.0.0.1:9/").then(eval);')),
  is('a PDF', FOREIGN, () =>
    Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj\n<< /Type /Catalog >>\nendobj\n', 'latin1'),
  ),
  is('PostScript', FOREIGN, () => Buffer.from('%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n')),
  is('an ImageMagick script', FOREIGN, () =>
    Buffer.from('push graphic-context\nimage over 0,0 0,0 "|id"\n'),
  ),
  is('a ZIP bomb', FOREIGN, () => Buffer.from(`504b0304${'00'.repeat(60)}`, 'hex')),
  is('a gzip bomb', FOREIGN, () => gzipSync(Buffer.alloc(10_000_000))),
  is('an MP4', FOREIGN, () => Buffer.concat([ftyp('isom'), box('moov', noise(99))])),
  is('a BMP', FOREIGN, () => Buffer.concat([Buffer.from('BM'), noise(200)])),
  is('an ICO', FOREIGN, () => Buffer.concat([Buffer.from('000001000100', 'hex'), noise(200)])),
  is('a Photoshop file', FOREIGN, () =>
    Buffer.concat([Buffer.from('8BPS\0\x01', 'latin1'), Buffer.alloc(99)]),
  ),
  is('a JPEG XL', FOREIGN, () => Buffer.concat([Buffer.from('ff0a', 'hex'), noise(200)])),
  is('a JPEG 2000', FOREIGN, () =>
    Buffer.from('0000000c6a5020200d0a870a00000014667479706a703220000000006a703220', 'hex'),
  ),
  is('a BigTIFF', FOREIGN, () =>
    Buffer.concat([Buffer.from('49492b0008000000', 'hex'), Buffer.alloc(99)]),
  ),
  is('a libvips image', [...CORRUPT, ...FOREIGN], () =>
    Buffer.concat([Buffer.from('08f2a6b6', 'hex'), Buffer.alloc(200)]),
  ),
  is('a lossless JPEG', FOREIGN, async () => {
    const bytes = await small('jpeg');
    bytes[frameOf(bytes) + 1] = 0xc3;
    return bytes;
  }),
  is('the test file of anti-virus programs', FOREIGN, () => Buffer.from(EICAR)),
];

function is(
  name: string,
  expect: readonly string[],
  bytes: () => Buffer | Promise<Buffer>,
): HostileImage {
  return { name, expect, make: async (path) => writeFile(path, await bytes()) };
}

type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff';

function small(format: Format): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#369' } })
    .toFormat(format)
    .toBuffer();
}

function avif(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#369' } })
    .avif({ effort: 0 })
    .toBuffer();
}

function noisy(format: Format): Promise<Buffer> {
  const raw = { width: 300, height: 200, channels: 3 } as const;
  return sharp(noise(300 * 200 * 3), { raw })
    .toFormat(format)
    .toBuffer();
}

function svg(): string {
  return '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>';
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const IEND = chunk('IEND', Buffer.alloc(0));

function png(...chunks: Buffer[]): Buffer {
  return Buffer.concat([PNG, ...chunks]);
}

/** A chunk of a PNG file. */
export function chunk(name: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** Of one bit a pixel. */
function ihdr(width: number, height: number): Buffer {
  const data = Buffer.from('00000000000000000100000000', 'hex');
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
}

function idat(bytes: number): Buffer {
  return chunk('IDAT', deflateSync(Buffer.alloc(bytes)));
}

function flatPng(width: number, height: number): Buffer {
  return png(ihdr(width, height), idat((Math.ceil(width / 8) + 1) * height), IEND);
}

function frameOf(jpeg: Buffer): number {
  return Math.max(
    jpeg.indexOf(Buffer.from('ffc0', 'hex')),
    jpeg.indexOf(Buffer.from('ffc2', 'hex')),
  );
}

function withFrame(jpeg: Buffer, width: number, height: number): Buffer {
  const at = frameOf(jpeg);
  jpeg.writeUInt16BE(height, at + 5);
  jpeg.writeUInt16BE(width, at + 7);
  return jpeg;
}

/** A segment of a JPEG file. */
export function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

function segments(count: number): Buffer {
  return Buffer.concat(Array(count).fill(segment(0xfe, Buffer.from('x'))));
}

/** Segments right behind the first marker of a JPEG file. */
export function afterStart(jpeg: Buffer, more: Buffer): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), more, jpeg.subarray(2)]);
}

/** A progressive JPEG of 36 million pixels, its last scan repeated: each repetition goes over all of it. */
async function manyScans(count: number): Promise<Buffer> {
  const bytes = await sharp({
    create: { width: 6000, height: 6000, channels: 3, background: '#369' },
  })
    .jpeg({ progressive: true, optimiseCoding: false })
    .toBuffer();
  const last = bytes.lastIndexOf(Buffer.from('ffda', 'hex'));
  const scan = bytes.subarray(last, -2);
  const times = Math.min(count, Math.floor(90_000_000 / scan.length));
  return Buffer.concat([bytes.subarray(0, -2), ...Array(times).fill(scan), bytes.subarray(-2)]);
}

function riff(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data]);
}

function webp(...chunks: Buffer[]): Buffer {
  return riff('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks, Buffer.alloc(16)]));
}

function vp8x(width: number, height: number): Buffer {
  const data = Buffer.alloc(10);
  data[0] = 2; // animated
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riff('VP8X', data);
}

function gif(width: number, height: number, ...blocks: Buffer[]): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  return Buffer.concat([head, ...blocks, Buffer.from(';')]);
}

/** Of one code: clear, then the end. */
function gifFrame(width: number, height: number): Buffer {
  const frame = Buffer.from('2c00000000000000000002024c0100', 'hex');
  frame.writeUInt16LE(width, 5);
  frame.writeUInt16LE(height, 7);
  return frame;
}

/** A tag of a TIFF file, of one 32-bit number. */
function entry(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(tag);
  bytes.writeUInt16LE(4, 2);
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(value, 8);
  return bytes;
}

function tiff(entries: Buffer[]): Buffer {
  const head = Buffer.from('II*\0\x08\0\0\0\0\0', 'latin1');
  head.writeUInt16LE(entries.length, 8);
  return Buffer.concat([head, ...entries, Buffer.alloc(100)]);
}

function chainOfPages(count: number): Buffer {
  const fields = [entry(256, 8), entry(257, 8)];
  const length = 2 + fields.length * 12 + 4;
  const bytes = Buffer.alloc(8 + length * count);
  bytes.write('II*\0\x08\0\0\0', 'latin1');
  for (let page = 0; page < count; page++) {
    const at = 8 + page * length;
    bytes.writeUInt16LE(fields.length, at);
    for (const [n, field] of fields.entries()) field.copy(bytes, at + 2 + n * 12);
    bytes.writeUInt32LE(page + 1 < count ? at + length : 0, at + length - 4);
  }
  return bytes;
}

function ftyp(brand: string): Buffer {
  return box('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}mif1`, 'latin1'));
}

/** An AVIF whose items are made of others: `[1, [2, 3]]`. */
function tiled(items: [number, number[]][]): Buffer {
  const size = Buffer.from('000000000000004000000040', 'hex');
  const properties = box('iprp', box('ipco', box('ispe', size)));
  const references = items.map(([from, to]) => {
    const ids = Buffer.alloc(4 + to.length * 2);
    ids.writeUInt16BE(from);
    ids.writeUInt16BE(to.length, 2);
    for (const [n, id] of to.entries()) ids.writeUInt16BE(id, 4 + n * 2);
    return box('dimg', ids);
  });
  const index = box(
    'meta',
    Buffer.alloc(4),
    properties,
    box('iref', Buffer.alloc(4), ...references),
  );
  return Buffer.concat([ftyp('avif'), index]);
}

function withExtent(avif: Buffer, width: number, height: number): Buffer {
  for (let at = avif.indexOf('ispe'); at > 0; at = avif.indexOf('ispe', at + 4)) {
    avif.writeUInt32BE(width, at + 8);
    avif.writeUInt32BE(height, at + 12);
  }
  return avif;
}
