import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { type Doc, type Person, send, type Track } from '../harness/given.ts';
import { until } from '../harness/until.ts';

export const PATH = '/v1/projects/import';
const content = Buffer.from('not really music');
const checksum = createHash('sha256').update(content).digest('base64');

/** A project of so many tracks. */
export function zipOf(tracks: number): Promise<Buffer> {
  const zip = new ZipFile();
  const media = Array.from({ length: tracks }, (_, n) => {
    const file = `tracks/${n}.mp3`;
    zip.addBuffer(content, file);
    return {
      ...{ kind: 'TRACK', id: `${n}`, file, fileName: `${n}.mp3`, contentType: 'audio/mpeg' },
      ...{ size: content.length, checksum, fields: { name: `Track ${n}` } },
    };
  });
  const manifest = { format: 'mixdown-project', version: 1, project: { name: 'P' }, media };
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), 'manifest.json');
  zip.end();
  return buffer(zip.outputStream);
}

/** Declares an import, and sends its ZIP. */
export async function sendZip(person: Person, zip: Buffer): Promise<string> {
  const declared = { fileName: 'a.zip', contentType: 'application/zip', size: zip.length };
  const { body } = await person.post<Track>(PATH, declared);
  const { status } = await send(body.upload, zip);
  if (status !== 200) throw new Error(`S3 answered ${status}.`);
  return body.id;
}

/** An import once it has ended. */
export function importEnds(person: Person, id: string): Promise<Doc & { project?: string }> {
  return until('the import has ended', async () => {
    const { body } = await person.get<Doc & { project?: string }>(`${PATH}/${id}`);
    return ['READY', 'FAILED'].includes(body.status) && body;
  });
}
