import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { UUID } from '../../src/data/ids.ts';
import { Track } from '../../src/models/media/track.ts';
import { type Doc, given, send, type Track as Uploaded } from '../harness/given.ts';
import { until } from '../harness/until.ts';

const PATH = '/v1/projects/import';
const content = Buffer.from('not really music');
const checksum = createHash('sha256').update(content).digest('base64');

/** A project of so many tracks. */
function zipOf(tracks: number): Promise<Buffer> {
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

test('a project that is deleted while it is imported stays deleted, and the import says so', async () => {
  const alice = await given.user();
  const zip = await zipOf(150);
  const declared = { fileName: 'a.zip', contentType: 'application/zip', size: zip.length };
  const { body: made } = await alice.post<Uploaded>(PATH, declared);
  expect((await send(made.upload, zip)).status).toBe(200);
  const project = await until('a medium has been imported', async () => {
    const { body } = await alice.get<{ data: Doc[] }>('/v1/projects');
    return body.data[0]?.trackCount ? body.data[0] : undefined;
  });
  expect((await alice.delete(`/v1/projects/${project.id}`)).status).toBe(204);
  const ended = await until('the import has ended', async () => {
    const { body } = await alice.get<Doc>(`${PATH}/${made.id}`);
    return ['READY', 'FAILED'].includes(body.status) && body;
  });
  expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'PROJECT_DELETED' } });
  await until('no track is left', async () => {
    return (await Track.collection.countDocuments({ user: new UUID(alice.id) })) === 0;
  });
  expect((await alice.get<{ data: Doc[] }>('/v1/projects')).body.data).toEqual([]);
});
