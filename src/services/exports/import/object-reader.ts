import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { RandomAccessReader } from 'yauzl';
import { openRange } from '../../../providers/s3.ts';

/** An object in S3. */
export interface StoredObject {
  key: string;
  etag: string;
  /** In bytes. */
  size: number;
}

/** Reads an object piece by piece, as yauzl asks. Its end can be held in memory, which then costs no requests. */
export class ObjectReader extends RandomAccessReader {
  readonly #object: StoredObject;
  readonly #signal: AbortSignal;
  /** The bytes from `start` to the end of the object. */
  #tail: { start: number; bytes: Buffer };

  constructor(object: StoredObject, signal: AbortSignal) {
    super();
    this.#object = object;
    this.#signal = signal;
    this.#tail = { start: object.size, bytes: Buffer.alloc(0) };
  }

  /** Holds all from `start` to the end of the object, by one request. */
  async holdFrom(start: number): Promise<void> {
    if (start >= this.#tail.start) return;
    const bytes = await buffer(await this.#open(start, this.#object.size));
    this.#tail = { start, bytes };
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const { start, bytes } = this.#tail;
    if (position < start || position + length > this.#object.size) {
      super.read(target, offset, length, position, callback);
      return;
    }
    bytes.copy(target, offset, position - start, position - start + length);
    setImmediate(callback, null);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const output = new PassThrough();
    this.#open(start, end).then(
      (body) => {
        body.on('error', (error) => output.destroy(error));
        body.pipe(output);
      },
      (error: Error) => output.destroy(error),
    );
    return output;
  }

  async #open(start: number, end: number): Promise<Readable> {
    const { key, etag, size } = this.#object;
    // S3 would answer with less, or with an error that reads as its own.
    if (end > size) throw new Error('it names bytes after its end');
    if (start >= end) return Readable.from([]);
    return openRange(key, etag, { start, end }, this.#signal);
  }
}
