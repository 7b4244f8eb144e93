import type { Readable } from 'node:stream';
import { Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { JobFailure } from '../../jobs/job-type.ts';
import { ObjectReader, type StoredObject } from './object-reader.ts';

export type { Entry, ZipFile };

/** The most files in a ZIP, and how much they may grow by being unpacked. */
const MOST_ENTRIES = 8001;
const MOST_GROWTH = 20;
/** What a small text may grow to is no bomb, in bytes. */
const HARMLESS = 64 * 1024 * 1024;
/** The record at the end of a ZIP, with a comment and what ZIP64 puts before it, in bytes. */
const END_RECORD = 22 + 0xffff + 20 + 56;
/** The most that a directory may have, with what follows it, in bytes: it is held in memory. */
const MOST_DIRECTORY = 16 * 1024 * 1024;

/** What a ZIP is refused for. */
const refuseArchive = (message: string): JobFailure => new JobFailure('INVALID_ARCHIVE', message);

/**
 * Opens a ZIP in S3 and lists its files by their paths. yauzl refuses paths out of the archive and sizes that
 * lie; what is left is judged here. @throws JobFailure INVALID_ARCHIVE, TOO_LARGE
 */
export async function openZip(
  object: StoredObject,
  signal: AbortSignal,
): Promise<{ zip: ZipFile; entries: Map<string, Entry> }> {
  try {
    const zip = await openDirectory(object, signal);
    const entries = new Map<string, Entry>();
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      if (fileName.endsWith('/')) continue;
      if (entries.has(fileName)) throw refuseArchive(`${fileName} is in the ZIP twice.`);
      if (entry.isEncrypted()) throw refuseArchive(`${fileName} is encrypted.`);
      total += uncompressedSize;
      entries.set(fileName, pickLocation(entry));
    }
    if (total > HARMLESS && total > MOST_GROWTH * object.size) {
      throw new JobFailure('TOO_LARGE', 'The ZIP would grow by far too much.');
    }
    return { zip, entries };
  } catch (error) {
    throw explain(error, signal);
  }
}

/** Opens a ZIP whose directory, of a size that is judged before, is read by one request. */
async function openDirectory(object: StoredObject, signal: AbortSignal): Promise<ZipFile> {
  const { size } = object;
  const reader = new ObjectReader(object, signal);
  await reader.holdFrom(Math.max(0, size - END_RECORD));
  const zip = await fromRandomAccessReaderPromise(reader, size, {
    strictFileNames: true,
    autoClose: false, // its files are opened after its directory was read
  });
  if (zip.entryCount > MOST_ENTRIES) {
    throw new JobFailure('TOO_LARGE', `The ZIP has more than ${MOST_ENTRIES} files.`);
  }
  const start = Number(zip.readEntryCursor); // yauzl's types call it a boolean
  if (size - start > MOST_DIRECTORY) {
    throw new JobFailure('TOO_LARGE', 'The directory of the ZIP is larger than 16 MB.');
  }
  await reader.holdFrom(start);
  return zip;
}

/** Where a file is and how it was packed, without its comment and extra fields, which may be long. */
function pickLocation(entry: Entry): Entry {
  const { fileName, compressedSize, uncompressedSize, compressionMethod, crc32 } = entry;
  const { generalPurposeBitFlag, relativeOffsetOfLocalHeader } = entry;
  return Object.assign(new Entry(), {
    ...{ fileName, compressedSize, uncompressedSize, compressionMethod, crc32 },
    ...{ generalPurposeBitFlag, relativeOffsetOfLocalHeader },
  });
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

/**
 * yauzl's errors are sentences about the file, and zlib's and those of numbers out of range come of what is in
 * it; those of S3 have other names or codes.
 */
export function explain(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof JobFailure || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const isOfFile = code.startsWith('Z_') || code === 'ERR_OUT_OF_RANGE';
  const isSentence = error.name === 'Error' && code === '' && !('$metadata' in error);
  if (!isOfFile && !isSentence) return error;
  return refuseArchive(`The ZIP cannot be read: ${error.message}.`);
}
