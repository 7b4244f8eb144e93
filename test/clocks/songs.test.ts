import '../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { place } from '../harness/place.ts';
import { startShifted } from '../harness/shifted-process.ts';
import { until } from '../harness/until.ts';
import { melody, wav } from '../samples/audio.ts';
import type { Said } from './song-worker.ts';

place({ worker: false });

const SONG = wav(melody([60, 64, 67, 72], 4));

test('a song is processed, and what its project leaves is swept, by a worker ten minutes behind all others', async () => {
  const worker = startShifted<Said>('song-worker', -600_000);
  await until('it is ready', () => worker.said.length === 1);
  const alice = await given.user();
  const track = await alice.uploads(SONG, { contentType: 'audio/wav', fileName: 'song.wav' });
  await alice.waitsFor(track, 'READY');
  expect((await alice.delete(`/v1/projects/${track.project}`)).status).toBe(204);
  await until('its objects are gone', async () => (await keysOf(alice, track)).length === 0);
});
