import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { box } from './audio.ts';
import { afterStart, chunk, segment } from './hostile-images.ts';

/** The beginning of a manifest store (C2PA 2.1 §11.1): a superbox that says what it is. */
export const JUMBF = box(
  'jumb',
  box('jumd', Buffer.from('63327061001100108000aaaaaaaaaaaa', 'hex'), Buffer.from('\x03c2pa\0')),
);
/** The same as MP4, HEIC and AVIF hold it. */
export const C2PA_BOX = box('uuid', Buffer.from('d8fec3d61b0e483c92975828877ec481', 'hex'), JUMBF);

type Kind = 'tEXt' | 'zTXt' | 'zTXt!' | 'iTXt' | 'iTXt+' | 'caBX';

/** A PNG with texts before or after its pixels; `zTXt!` is compressed already. */
export function pngText(
  png: Buffer,
  texts: [string, string, Kind | string][],
  late = false,
): Buffer {
  const chunks = texts.map(([key, text, kind]) => {
    const head = Buffer.from(`${key}\0`, 'latin1');
    if (kind === 'caBX') return chunk(kind, Buffer.from(text, 'latin1'));
    if (kind === 'tEXt') return chunk(kind, Buffer.concat([head, Buffer.from(text)]));
    if (kind === 'zTXt!')
      return chunk('zTXt', Buffer.concat([head, Buffer.alloc(1), Buffer.from(text, 'latin1')]));
    if (kind === 'zTXt')
      return chunk(kind, Buffer.concat([head, Buffer.alloc(1), deflateSync(Buffer.from(text))]));
    const isPacked = kind === 'iTXt+';
    const body = isPacked ? deflateSync(Buffer.from(text)) : Buffer.from(text);
    return chunk('iTXt', Buffer.concat([head, Buffer.from([isPacked ? 1 : 0, 0, 0, 0]), body]));
  });
  const at = late ? png.length - 12 : 33;
  return Buffer.concat([png.subarray(0, at), ...chunks, png.subarray(at)]);
}

/** EXIF with these texts by tag and a user comment, big-endian. */
export function exifOf(
  texts: Record<number, string>,
  comment = '',
  encoding: 'utf16be' | 'utf16le' = 'utf16be',
): Buffer {
  const tags = Object.entries(texts).map(
    ([tag, text]) => [Number(tag), Buffer.from(`${text}\0`)] as const,
  );
  const wide = Buffer.from(comment, 'utf16le');
  const body = Buffer.concat([
    Buffer.from('UNICODE\0'),
    encoding === 'utf16be' ? wide.swap16() : wide,
  ]);
  const count = tags.length + (comment ? 1 : 0);
  const exifAt = 8 + 2 + count * 12 + 4;
  let dataAt = exifAt + 2 + 12 + 4;
  const parts: Buffer[] = [];
  const entry = (tag: number, type: number, data: Buffer) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(tag);
    bytes.writeUInt16BE(type, 2);
    bytes.writeUInt32BE(data.length, 4);
    bytes.writeUInt32BE(dataAt, 8);
    parts.push(data);
    dataAt += data.length;
    return bytes;
  };
  const pointer = Buffer.alloc(12);
  pointer.writeUInt16BE(0x8769);
  pointer.writeUInt16BE(4, 2);
  pointer.writeUInt32BE(1, 4);
  pointer.writeUInt32BE(exifAt, 8);
  const number = (value: number) => Buffer.from([value >> 8, value & 255]);
  const main = tags.map(([tag, data]) => entry(tag, 2, data));
  const inner = comment ? [entry(0x9286, 7, body)] : [];
  return Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    ...[number(count), ...main, ...(comment ? [pointer] : []), Buffer.alloc(4)],
    ...[number(inner.length), inner[0] ?? Buffer.alloc(12), Buffer.alloc(4)],
    ...parts,
  ]);
}

/** A JPEG or WebP with a block of EXIF. */
export async function withExif(file: Buffer, exif: Buffer): Promise<Buffer> {
  if (file.toString('latin1', 0, 4) !== 'RIFF')
    return withSegment(file, 0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif]));
  return extended(file, 'EXIF', exif, 0x08);
}

/** A JPEG, PNG or WebP with an XMP packet. */
export async function withXmp(file: Buffer, xmp: string): Promise<Buffer> {
  if (file.toString('latin1', 0, 4) === 'RIFF')
    return extended(file, 'XMP ', Buffer.from(xmp), 0x04);
  if (file[0] === 0x89) return pngText(file, [['XML:com.adobe.xmp', xmp, 'iTXt']]);
  return withSegment(file, 0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`));
}

export function withSegment(jpeg: Buffer, marker: number, body: Buffer): Buffer {
  return afterStart(jpeg, segment(marker, body));
}

export function xmpOf(content: string, attributes = ''): string {
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" ${attributes}>${content}</rdf:Description></rdf:RDF></x:xmpmeta>`;
}

/** A WebP with a chunk that needs the extended header (RFC 9649 §2.7). */
async function extended(webp: Buffer, name: string, body: Buffer, flag: number): Promise<Buffer> {
  const { width, height } = await sharp(webp).metadata();
  const header = Buffer.alloc(10);
  header[0] = flag;
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  const parts = [riff('VP8X', header), webp.subarray(12), riff(name, body)];
  const content = Buffer.concat([Buffer.from('WEBP'), ...parts]);
  return riff('RIFF', content);
}

function riff(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
