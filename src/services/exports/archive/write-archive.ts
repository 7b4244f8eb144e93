import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { openObject } from '../../../providers/s3.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import type { ArchivePlan, Source } from '../plan.ts';
import { printManifest } from './print-manifest.ts';

const MANIFEST = 'manifest.json';
/** Nothing in an archive is younger than another, so that the same project makes the same bytes. */
const MTIME = new Date('2000-01-01T00:00:00Z');

/**
 * Writes a ZIP straight into S3: each original is opened when its turn comes, and passes through. Media are
 * compressed already, so they are stored as they are; ZIP64 begins where it is needed.
 * @throws JobFailure MEDIA_CHANGED when an original was replaced or is gone
 */
export async function writeArchive(
  key: string,
  { manifest, sources }: ArchivePlan,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<{ size: number; checksum: string }> {
  const zip = new ZipFile();
  const output = new PassThrough();
  const fail = (error: Error) => output.destroy(error);
  // yazl tells of what goes wrong with a source as of its own errors.
  zip.on('error', fail);
  zip.addBuffer(Buffer.from(printManifest(manifest)), MANIFEST, { mtime: MTIME });
  for (const [n, source] of sources.entries()) {
    const { file, size } = manifest.media[n] as ArchivePlan['manifest']['media'][number];
    const options = { mtime: MTIME, compress: false, size };
    zip.addReadStreamLazy(file, options, (done) => {
      openSource(source, signal, onBytes).then(
        (stream) => done(null, stream),
        (error: Error) => {
          fail(error);
          done(error, null as never);
        },
      );
    });
  }
  zip.end();
  const sent = pipeline(zip.outputStream, output, { signal });
  const [made] = await Promise.all([uploadStream(key, output, 'application/zip', signal), sent]);
  return made;
}

async function openSource(
  { key, etag, name, size }: Source,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Readable> {
  const body = await openObject(key, etag, signal);
  if (!body) throw new JobFailure('MEDIA_CHANGED', `${name} was replaced, or is gone.`);
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      onBytes(chunk.length);
      done(seen > size ? new Error('An object is longer than it was.') : null, chunk);
    },
  });
  body.on('error', (error) => counter.destroy(error));
  return body.pipe(counter);
}
