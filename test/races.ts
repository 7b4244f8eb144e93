import './harness/place.ts';
import { expect } from 'vitest';
import { UUID } from '../src/data/ids.ts';
import { Track } from '../src/models/media/track.ts';
import { TrashedMedium } from '../src/models/media/trashed-medium.ts';
import { type Doc, given, send, type Track as TrackDoc, type Upload } from './harness/given.ts';
import { keysOf } from './harness/objects.ts';
import { times } from './harness/times.ts';
import { until } from './harness/until.ts';
import { melody, wav } from './samples/audio.ts';

const WAV = { contentType: 'audio/wav', fileName: 'song.wav' };
const [SONG, REMASTER] = [wav(melody([60, 64, 67], 3)), wav(melody([67, 64, 60, 64], 3))];

/**
 * Tracks are made while their project is deleted, so often: each is either refused or goes with the
 * project, and nobody sees an error of ours.
 */
export async function makeTracksWhileTheirProjectGoes(rounds: number): Promise<void> {
  const alice = await given.user();
  const file = { fileName: 'a.mp3', contentType: 'audio/mpeg', size: 1 };
  for (let round = 0; round < rounds; round++) {
    const { id: project } = await alice.project();
    // Each goes on until it is told that there is no such project.
    const maker = async (n: number) => {
      for (;;) {
        const { status, body } = await alice.post('/v1/tracks', {
          name: `No. ${n}`,
          project,
          ...file,
        });
        if (status === 201) continue;
        expect(status, JSON.stringify(body)).toBe(422);
        return;
      }
    };
    const makers = times(1 + (round % 6), maker);
    const deleted = await alice.delete(`/v1/projects/${project}`);
    expect(deleted.status).toBe(204);
    await Promise.all(makers);
    const orphans = await Track.collection.countDocuments({ project: new UUID(project) });
    expect(orphans, `round ${round}`).toBe(0);
  }
}

/**
 * A former file of a track is restored by so many at once, each naming the file that the track has:
 * it is restored once, and all are told so. In the next round it goes back again.
 */
export async function restoreAtOnce({ rounds, at }: { rounds: number; at: number }): Promise<void> {
  const alice = await given.user();
  const track = await alice.waitsFor(await alice.uploads(SONG, WAV), 'READY');
  const path = `/v1/tracks/${track.id}`;
  const file = { ...WAV, size: REMASTER.length };
  const made = await alice.post<Doc & { upload: Upload }>(`${path}/replace`, file);
  await send(made.body.upload, REMASTER);
  const read = async () => (await alice.get<TrackDoc>(path)).body;
  const _id = new UUID(track.id);
  const versionOf = async () => (await Track.collection.findOne({ _id }))?.version as number;
  await until('it is replaced', async () => (await read()).checksum !== track.checksum);
  let [now, next] = [(await read()).checksum, track.checksum];
  for (let round = 0; round < rounds; round++) {
    const before = await versionOf();
    const answers = await Promise.all(
      times(at, () => alice.post(`/v1/versions/${made.body.id}/restore`, { replacing: now })),
    );
    const told = answers.map(({ status, body }) => [status, body.checksum]);
    expect(told, `round ${round}`).toEqual(Array(at).fill([200, next]));
    expect([(await read()).checksum, await versionOf()]).toEqual([next, before + 1]);
    [now, next] = [next, now];
  }
}

/**
 * Tracks are restored from the trash, and put there again, while their project is deleted, so often:
 * whatever comes first, neither a document nor an object of theirs is left.
 */
export async function moveThroughTheTrashWhileItsProjectGoes(rounds: number): Promise<void> {
  const alice = await given.user();
  for (let round = 0; round < rounds; round++) {
    const { id: project } = await alice.project();
    const tracks = await Promise.all(times(4, () => alice.uploads(SONG, { ...WAV, project })));
    await Promise.all(tracks.map((track) => alice.waitsFor(track, 'READY')));
    await Promise.all(tracks.map(({ id }) => alice.delete(`/v1/tracks/${id}`)));
    // Each goes to and fro until there is nothing left to move.
    const movers = tracks.map(async ({ id }, n) => {
      for (let moves = round + n; ; moves++) {
        const { status } = await alice.post(`/v1/trash/${id}/restore`);
        if (status !== 200) return expect([404, 422]).toContain(status);
        if (moves % 3 === 0) continue;
        expect([204, 404]).toContain((await alice.delete(`/v1/tracks/${id}`)).status);
      }
    });
    expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
    await Promise.all(movers);
    const of = { project: new UUID(project) };
    const trashed = await TrashedMedium.collection.countDocuments(of);
    expect([await Track.collection.countDocuments(of), trashed], `round ${round}`).toEqual([0, 0]);
    await until(`nothing of round ${round} is left in S3`, async () => {
      const keys = await Promise.all(tracks.map((track) => keysOf(alice, track)));
      return keys.flat().length === 0;
    });
  }
}
