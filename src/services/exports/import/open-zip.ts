import { PassThrough, type Readable } from 'node:stream';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { openRange } from '../../../providers/s3.ts';
import { JobFailure } from '../../jobs/job-type.ts';

export type { Entry, ZipFile };

/** The most files in a ZIP, and how much they may grow by being unpacked. */
const MOST_ENTRIES = 8001;
const MOST_GROWTH = 20;
/** What a small text may grow to is no bomb, in bytes. */
const HARMLESS = 64 * 1024 * 1024;

/** Reads a ZIP in S3 piece by piece: its directory at the end, then the files that are asked for. */
class ObjectReader extends RandomAccessReader {
  readonly #key: string;
  readonly #etag: string;
  readonly #signal: AbortSignal;

  constructor(key: string, etag: string, signal: AbortSignal) {
    super();
    this.#key = key;
    this.#etag = etag;
    this.#signal = signal;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const output = new PassThrough();
    openRange(this.#key, this.#etag, { start, end }, this.#signal).then(
      (body) => {
        body.on('error', (error) => output.destroy(error));
        body.pipe(output);
      },
      (error: Error) => output.destroy(error),
    );
    return output;
  }
}

/** What a ZIP is refused for. */
const refuseArchive = (message: string): JobFailure => new JobFailure('INVALID_ARCHIVE', message);

/**
 * Opens a ZIP and lists its files by their paths. yauzl refuses paths out of the archive and sizes that
 * lie; what is left is judged here. @throws JobFailure INVALID_ARCHIVE, TOO_LARGE
 */
export async function openZip(
  { key, etag, size }: { key: string; etag: string; size: number },
  signal: AbortSignal,
): Promise<{ zip: ZipFile; entries: Map<string, Entry> }> {
  const entries = new Map<string, Entry>();
  try {
    const reader = new ObjectReader(key, etag, signal);
    const zip = await fromRandomAccessReaderPromise(reader, size, {
      strictFileNames: true,
      autoClose: false, // its files are opened after its directory was read
    });
    if (zip.entryCount > MOST_ENTRIES) {
      throw new JobFailure('TOO_LARGE', `The ZIP has more than ${MOST_ENTRIES} files.`);
    }
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      if (fileName.endsWith('/')) continue;
      if (entries.has(fileName)) throw refuseArchive(`${fileName} is in the ZIP twice.`);
      if (entry.isEncrypted()) throw refuseArchive(`${fileName} is encrypted.`);
      total += uncompressedSize;
      entries.set(fileName, entry);
    }
    if (total > HARMLESS && total > MOST_GROWTH * size) {
      throw new JobFailure('TOO_LARGE', 'The ZIP would grow by far too much.');
    }
    return { zip, entries };
  } catch (error) {
    throw explain(error, signal);
  }
}

/** Opens one file of a ZIP. */
export async function openEntry(
  zip: ZipFile,
  entry: Entry,
  signal: AbortSignal,
): Promise<Readable> {
  try {
    return await zip.openReadStreamPromise(entry);
  } catch (error) {
    throw explain(error, signal);
  }
}

/** yauzl's errors are sentences about the file; those of S3 have a name or a code of their own. */
export function explain(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof JobFailure || !(error instanceof Error)) return error;
  const isOfS3 = error.name !== 'Error' || 'code' in error || '$metadata' in error;
  return isOfS3 ? error : refuseArchive(`The ZIP cannot be read: ${error.message}.`);
}
