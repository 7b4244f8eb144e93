import { setTimeout } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import type { Entity } from './entity.ts';
import type { UUID } from './ids.ts';

/** How long after a failure a collection is followed again, in ms. */
const AGAIN = 1000;

const INSERTED = [
  { $match: { operationType: 'insert' } },
  { $project: { 'fullDocument.user': 1 } },
];

/** What follows a collection in this process. */
export interface Watch {
  /** Resolves once what is committed from now on is told. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Follows by a change stream what is inserted, by whatever process. It only says whose the new documents
 * are, so that nothing is lost where it was interrupted: who is told reads them.
 * @param onUser somebody has new ones
 * @param onRestart they are followed from now on; what came before may have been missed
 */
export function watchInserts(
  ctx: Ctx,
  entity: Entity,
  onUser: (user: UUID) => void,
  onRestart: () => void,
): Watch {
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let stream: mongo.ChangeStream | undefined;

  async function follow(): Promise<void> {
    stream = entity.collection.watch(INSERTED);
    // The driver opens it with the first look.
    let change = await stream.tryNext();
    onRestart();
    isReady();
    while (!stopping.signal.aborted) {
      if (change) onUser((change as unknown as { fullDocument: { user: UUID } }).fullDocument.user);
      change = await stream.next();
    }
  }

  async function followOn(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        // Closing it ends the wait for the next change by an error, too.
        if (stopping.signal.aborted) return;
        const what = { entity: entity.name, error: error as Error };
        ctx.log.warn('A collection is not followed at the moment.', what);
      }
      await stream?.close();
      await setTimeout(AGAIN, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const following = followOn();
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await stream?.close();
      await following;
    },
  };
}
