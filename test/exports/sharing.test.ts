import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Export } from '../../src/models/exports/export.ts';
import { expireExports } from '../../src/services/exports/expire.ts';
import { type Doc, given } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { until } from '../harness/until.ts';
import { studio } from '../samples/audio.ts';
import { type ExportSeen, exported, fileOf, readyMedium } from './given.ts';

/** Somebody with a project of one short song. */
async function withSong() {
  await using files = await studio();
  const person = await given.user();
  const { id: project } = await person.project();
  const path = await files.make('song.wav', '-f', 'lavfi', '-i', 'sine=d=1:r=44100');
  const track = await readyMedium(person, project, path);
  return { person, project, track };
}

test('an identical export has the result at once, until what it is made of changes', async () => {
  const { person, project, track } = await withSong();
  const body = { project, format: 'FLAC' };
  const first = await exported(person, body);
  const { status, body: second } = await person.post<ExportSeen>('/v1/exports', body);
  expect([status, second.status, second.checksum]).toEqual([202, 'COMPLETED', first.checksum]);
  expect(second.id).not.toBe(first.id);

  // Each has its own file.
  await person.delete(`/v1/exports/${first.id}`);
  await until(
    'the first is swept',
    async () => (await keysOf(person, first, 'exports')).length === 0,
  );
  expect((await fileOf(person, second)).length).toBe(second.size);

  await person.patch(`/v1/tracks/${track.id}`, { name: 'Another name' });
  const { body: third } = await person.post<ExportSeen>('/v1/exports', body);
  expect(third.status).toBe('QUEUED');
  const stranger = await withSong();
  const other = await stranger.person.post<Doc>('/v1/exports', {
    ...body,
    project: stranger.project,
  });
  expect(other.body.status).toBe('QUEUED');
});

test('an export whose time is over loses its file, and nothing else', async () => {
  const { person, project } = await withSong();
  const made = await exported(person, { project, format: 'MP3' });
  expect(await expireExports(systemCtx('test'))).toBe(0);
  const over = { $set: { expiresAt: new Date(Date.now() - 1000) } };
  await Export.collection.updateOne({ _id: new UUID(made.id) }, over);
  expect(await expireExports(systemCtx('test'))).toBe(1);
  const { body } = await person.get<ExportSeen>(`/v1/exports/${made.id}`);
  expect([body.status, body.size]).toEqual(['EXPIRED', made.size]);
  expect((await person.get(`/v1/exports/${made.id}/file`)).status).toBe(409);
  await until('its file is gone', async () => (await keysOf(person, made, 'exports')).length === 0);
  const again = await exported(person, { project, format: 'MP3' });
  expect(again.status).toBe('COMPLETED');
});

test('a track that is deleted before its export is rendered is a clear end', async () => {
  const { person, project, track } = await withSong();
  await Export.collection.updateMany({}, { $unset: { fingerprint: 1 } });
  const settings = { clips: [{ track: track.id }] };
  const asked = person.post<ExportSeen>('/v1/exports', { project, format: 'M4A', settings });
  const [{ body: made }] = await Promise.all([asked, person.delete(`/v1/tracks/${track.id}`)]);
  if (!made.id) return; // refused, since the track went first
  const end = await until('it has ended', async () => {
    const { body } = await person.get<ExportSeen>(`/v1/exports/${made.id}`);
    return ['COMPLETED', 'FAILED'].includes(body.status) && body;
  });
  if (end.status === 'FAILED') expect(['MEDIA_CHANGED', 'MISSING_FILE']).toContain(end.error?.code);
});
