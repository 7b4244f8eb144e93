import type { Steps } from '../../../src/data/migrations/migration.ts';

/** Counts the plays of each song up by one: done twice it would show. */
export const play = (m: Steps): Promise<void> =>
  m.eachBatch('play', 'songs', {}, (documents) =>
    documents.map(({ _id }) => ({
      updateOne: { filter: { _id }, update: { $inc: { plays: 1 } } },
    })),
  );
