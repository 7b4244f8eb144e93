import type { parseFromTokenizer } from 'music-metadata';
// Must be the version that music-metadata itself uses, which checks for this class at the end of a
// file.
import { EndOfStreamError } from 'strtok3';
import type { BoundedFile } from '../bounded-file.ts';

/** The interface through which music-metadata reads a file. */
type Tokenizer = Parameters<typeof parseFromTokenizer>[0];
type Options = Parameters<Tokenizer['readBuffer']>[1];
type Token<T> = { len: number; get(bytes: Uint8Array, offset: number): T };

/**
 * Opens a tokenizer for music-metadata over a bounded file. strtok3's own tokenizer bounds a single
 * read, but not their sum, and a file may consist of pictures alone.
 */
export function openTagReader(file: BoundedFile, start: number, mimeType: string): Tokenizer {
  let position = 0;
  const size = file.size - start;

  async function peekBuffer(target: Uint8Array, options: Options = {}): Promise<number> {
    const length = options.length ?? target.length;
    const bytes = await file.read(start + (options.position ?? position), length);
    if (bytes.length < length && !options.mayBeLess) throw new EndOfStreamError();
    target.set(bytes);
    return bytes.length;
  }
  async function readBuffer(target: Uint8Array, options: Options = {}): Promise<number> {
    if (options.position !== undefined) position = options.position;
    const length = await peekBuffer(target, options);
    position += length;
    return length;
  }
  async function take<T>(token: Token<T>, at: number): Promise<T> {
    // Checked before a buffer of that size is allocated: a declared length of gigabytes fails here.
    const bytes = await file.read(start + at, Math.min(token.len, Math.max(0, size - at)));
    if (bytes.length < token.len) throw new EndOfStreamError();
    return token.get(bytes, 0);
  }
  async function readToken<T>(token: Token<T>, at = position): Promise<T> {
    const value = await take(token, at);
    position = at + token.len;
    return value;
  }
  const tokenizer = {
    fileInfo: { size, mimeType },
    get position() {
      return position;
    },
    peekBuffer,
    readBuffer,
    peekToken: <T>(token: Token<T>, at?: number | null) => take(token, at ?? position),
    readToken,
    peekNumber: (token: Token<number>) => take(token, position),
    readNumber: (token: Token<number>) => readToken(token),
    async ignore(length: number) {
      const skipped = Math.min(Math.max(0, length), Math.max(0, size - position));
      position += skipped;
      return skipped;
    },
    setPosition(next: number) {
      position = next;
    },
    supportsRandomAccess: () => true,
    async close() {},
    async abort() {},
  };
  return tokenizer;
}
