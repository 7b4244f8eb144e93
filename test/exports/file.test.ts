import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { until } from '../harness/until.ts';
import { studio } from '../samples/audio.ts';
import { readByFfmpeg } from '../samples/independent.ts';
import { exported, fileOf, readyMedium } from './given.ts';

test('an export without settings is all tracks by their numbers, in a file that can be fetched and deleted', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({ name: 'First / light' });
  const tone = (hertz: number) => ['-f', 'lavfi', '-i', `sine=f=${hertz}:d=2:r=44100`];
  const [first, second] = [
    await files.make('b.wav', ...tone(300)),
    await files.make('a.flac', ...tone(600)),
  ];
  await readyMedium(alice, project, second, 'tracks', { trackNumber: 2 });
  await readyMedium(alice, project, first, 'tracks', { trackNumber: 1 });

  const made = await exported(alice, { project, format: 'MP3' });
  expect(made).toMatchObject({
    ...{ status: 'COMPLETED', progress: 100, contentType: 'audio/mpeg', durationSeconds: 4 },
    fileName: 'First / light.mp3',
  });
  const bytes = await fileOf(alice, made);
  expect(bytes.length).toBe(made.size);
  expect(createHash('sha256').update(bytes).digest('base64')).toBe(made.checksum);
  const { audio, seconds } = await readByFfmpeg(await files.write('made.mp3', bytes));
  expect(audio?.codec).toBe('mp3');
  expect(seconds).toBeCloseTo(4, 2);
  const kept = new Date(made.expiresAt).getTime() - Date.now();
  expect(kept / 86_400_000).toBeCloseTo(7, 1);

  const stranger = await given.user();
  expect((await stranger.get(`/v1/exports/${made.id}/file`)).status).toBe(404);
  expect((await alice.delete(`/v1/exports/${made.id}`)).status).toBe(204);
  expect((await alice.get(`/v1/exports/${made.id}/file`)).status).toBe(404);
  await until('its file is gone', async () => (await keysOf(alice, made, 'exports')).length === 0);
});
