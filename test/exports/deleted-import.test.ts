import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Track } from '../../src/models/media/track.ts';
import { type Doc, given } from '../harness/given.ts';
import { until } from '../harness/until.ts';
import { importEnds, sendZip, zipOf } from './project-zip.ts';

test('a project that is deleted while it is imported stays deleted, and the import says so', async () => {
  const alice = await given.user();
  const made = await sendZip(alice, await zipOf(150));
  const project = await until('a medium has been imported', async () => {
    const { body } = await alice.get<{ data: Doc[] }>('/v1/projects');
    return body.data[0]?.trackCount ? body.data[0] : undefined;
  });
  expect((await alice.delete(`/v1/projects/${project.id}`)).status).toBe(204);
  const ended = await importEnds(alice, made);
  expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'PROJECT_DELETED' } });
  await until('no track is left', async () => {
    return (await Track.collection.countDocuments({ user: new UUID(alice.id) })) === 0;
  });
  expect((await alice.get<{ data: Doc[] }>('/v1/projects')).body.data).toEqual([]);
});
