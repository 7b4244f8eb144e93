import type { BoundedFile } from '../bounded-file.ts';
import { readDirectory, readTiffHead } from '../image/formats/ifd.ts';
import type { Part } from './parts.ts';

/** The type of the box that holds a manifest in MP4 and its relatives (C2PA 2.1 §A.5). */
const BOX_TYPE = 'd8fec3d61b0e483c92975828877ec481';
const TIFF_TAG = 0xcd41;
const FLAC_APPLICATION = '2';
/** Names of chunks in PNG, and in RIFF and AIFF. */
const CHUNKS = ['caBX', 'C2PA'];
/** Bytes searched for what has no parts of its own here: tags, extensions of GIF, pages of Ogg. */
const HEAD_BYTES = 64 * 1024;
const MIME = /application\/(x-)?c2pa(-manifest-store)?/;

/**
 * Whether a file has a manifest of content credentials (C2PA) in it. Only that there is one, not
 * whether it is valid: a manifest is checked against the bytes of the whole file and lists of trust.
 */
export async function hasContentCredentials(
  file: BoundedFile,
  parts: readonly Part[],
): Promise<boolean> {
  for (const { name, start, length } of parts) {
    if (CHUNKS.includes(name)) return true;
    const readStart = async () => file.read(start, Math.min(64, Math.max(0, length)));
    if (name === 'uuid' && (await readStart()).toString('hex', 0, 16) === BOX_TYPE) return true;
    // JUMBF (ISO/IEC 19566-5), whose first box is described as one of C2PA.
    if (name === 'APP11' && /^JP.*jumb.*c2pa/s.test((await readStart()).toString('latin1')))
      return true;
    if (name === FLAC_APPLICATION && /^(C2PA|c2pa)/.test((await readStart()).toString('latin1')))
      return true;
  }
  const head = (await file.read(0, Math.min(HEAD_BYTES, file.size))).toString('latin1');
  if (/^(II\*\0|MM\0\*)/.test(head)) return hasManifestTag(file);
  if (head.startsWith('GIF8')) return head.includes('C2PA_GIF');
  if (head.startsWith('OggS')) return head.includes('\0c2pa');
  if (head.startsWith('ID3')) return hasManifestFrame(file, head);
  return false;
}

async function hasManifestTag(file: BoundedFile): Promise<boolean> {
  const head = readTiffHead(await file.read(0, 8));
  if (!head) return false;
  const main = await readDirectory(file, head.first, head.endian);
  return (await main.readBytes(TIFF_TAG, 1)).length > 0;
}

/** An object (GEOB) in an ID3v2 tag; a cover may precede it. */
async function hasManifestFrame(file: BoundedFile, head: string): Promise<boolean> {
  const version = head.charCodeAt(3);
  const sizeOf = (bytes: Buffer, bits: 7 | 8) =>
    [...bytes].reduce((sum, byte) => sum * 2 ** bits + (byte & (2 ** bits - 1)), 0);
  const end = 10 + sizeOf(Buffer.from(head.slice(6, 10), 'latin1'), 7);
  for (let at = 10, count = 0; at + 10 <= Math.min(end, file.size) && count < 1000; count++) {
    const frame = await file.read(at, 10);
    const name = frame.toString('latin1', 0, 4);
    if (!/^[A-Z0-9]{4}$/.test(name)) return false;
    if (name === 'GEOB' && MIME.test((await file.read(at + 10, 64)).toString('latin1')))
      return true;
    at += 10 + sizeOf(frame.subarray(4, 8), version >= 4 ? 7 : 8);
  }
  return false;
}
