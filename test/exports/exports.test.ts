import '../harness/place.ts';
import { expect, test } from 'vitest';
import { exportsResource } from '../../functions/exports.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { storedAt } from '../harness/stored.ts';
import { type ExportSeen, projectWithTrack } from './given.ts';

place({ worker: false }); // an export stays as it was asked for

conforms(exportsResource, {
  make: storedAt(exportsResource),
  body: async (person) => ({ project: await projectWithTrack(person), format: 'MP3' }),
});

test('what is deleted while it is under way is cancelled', async () => {
  const alice = await given.user();
  const body = { project: await projectWithTrack(alice), format: 'WAV' };
  const { body: made } = await alice.post<ExportSeen>('/v1/exports', body);
  await alice.delete(`/v1/exports/${made.id}`);
  const { body: job } = await alice.get<Doc>(`/v1/jobs/${made.job}`);
  expect(job.status).toBe('CANCELLED');
});
