import './harness/place.ts';
import { expect } from 'vitest';
import { UUID } from '../src/data/ids.ts';
import { Track } from '../src/models/media/track.ts';
import { given } from './harness/given.ts';
import { times } from './harness/times.ts';

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
