import { decodeText, detectEncoding, type TextEncoding } from '../text-encoding.ts';
import { type Id3Frame, readId3Frames } from './id3-frames.ts';

/** An ID3v2 tag that says what the original meant. */
export interface RewrittenTag {
  /** A tag of version 2.4 in UTF-8. */
  bytes: Buffer;
  /** How texts were read that are declared as Latin-1, which often is not true; null without any. */
  encoding: TextEncoding | null;
  /** Their bytes, by the ids of their frames. */
  legacy: Record<string, Buffer>;
}

const LATIN1 = 0;
const UTF16_WITH_MARK = 1;
const UTF16_BIG_ENDIAN = 2;
const UTF8 = 3;

/**
 * Rewrites a tag so that any reader understands it: sizes and texts are put right, and a slash is no
 * separator of artists (AC/DC). null if it cannot be understood.
 */
export async function rewriteId3(tag: Buffer): Promise<RewrittenTag | null> {
  const frames = readId3Frames(tag);
  if (!frames) return null;
  const legacy: Record<string, Buffer> = {};
  for (const { id, body } of frames) {
    const text = getDeclaredText(id, body);
    if (text?.encoding === LATIN1 && text.bytes.some((byte) => byte >= 0x80)) {
      legacy[id] ??= text.bytes;
    }
  }
  const texts = Object.values(legacy);
  const encoding = texts.length > 0 ? await detectEncoding(texts) : null;
  const bodies = frames.map((frame) => rewriteFrame(frame, encoding?.name ?? 'windows-1252'));
  return { bytes: buildTag(bodies), encoding, legacy };
}

/** Bytes before the text: the encoding, and of comments and lyrics the language. */
function measurePrefix(id: string): number | null {
  if (id === 'COMM' || id === 'USLT') return 4;
  return id.startsWith('T') ? 1 : null;
}

function getDeclaredText(id: string, body: Buffer) {
  const prefix = measurePrefix(id);
  if (prefix === null || body.length <= prefix) return null;
  return { encoding: body[0] ?? 0, bytes: body.subarray(prefix) };
}

function rewriteFrame({ id, body }: Id3Frame, legacyName: string): Id3Frame {
  const text = getDeclaredText(id, body);
  if (!text || text.encoding > UTF8) return { id, body };
  const language = body.subarray(1, measurePrefix(id) ?? 1);
  const decoded = decodeDeclared(text.encoding, text.bytes, legacyName);
  return { id, body: Buffer.concat([Buffer.from([UTF8]), language, Buffer.from(decoded)]) };
}

function decodeDeclared(encoding: number, bytes: Buffer, legacyName: string): string {
  if (encoding === UTF16_WITH_MARK) return decodeUtf16(bytes);
  if (encoding === UTF16_BIG_ENDIAN) return decodeText(bytes, 'utf-16be');
  if (encoding === UTF8) return decodeText(bytes, 'utf-8');
  return decodeText(bytes, legacyName);
}

/** Each of several texts has a mark of its byte order, or none: then it is that of the one before. */
function decodeUtf16(bytes: Buffer): string {
  let name = 'utf-16le';
  let text = '';
  let from = 0;
  for (let at = 0; at <= bytes.length - 1; at += 2) {
    const mark = at + 1 < bytes.length ? bytes.readUInt16BE(at) : 0;
    if (mark !== 0xfffe && mark !== 0xfeff) continue;
    text += decodeText(bytes.subarray(from, at), name);
    name = mark === 0xfeff ? 'utf-16be' : 'utf-16le';
    from = at + 2;
  }
  return text + decodeText(bytes.subarray(from), name);
}

function buildTag(frames: readonly Id3Frame[]): Buffer {
  const parts = frames.flatMap(({ id, body }) => [
    ...[Buffer.from(id, 'latin1'), writeSynchsafe(body.length), Buffer.alloc(2), body],
  ]);
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), writeSynchsafe(body.length), body]);
}

function writeSynchsafe(size: number): Buffer {
  return Buffer.from([21, 14, 7, 0].map((shift) => (size >>> shift) & 0x7f));
}
