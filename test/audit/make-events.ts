import { type Ctx, systemCtx } from '../../src/context.ts';
import { makeAuditEntry, makeLooseEvent } from '../../src/data/audit.ts';
import type { Base, Stored } from '../../src/data/entity.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { LooseEvent, User } from '../../src/models/index.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { CHAINS } from '../../src/services/audit/entry.ts';

/** A context whose clock is so many ms ahead of the host's. */
export function ctxAhead(ms = 0): Ctx {
  return { ...systemCtx('test'), ...(ms && { clock: () => Date.now() + ms }) };
}

/** A subject whose entries are in this chain. */
export function subjectIn(chain: number): UUID {
  for (;;) {
    const id = newId(Date.now());
    if ((id.buffer[15] as number) % CHAINS === chain) return id;
  }
}

/** Events of what was done to a user, as they wait. */
export function makeEvents(user: UUID, count: number, first = 1): Stored[] {
  const ctx = systemCtx('test');
  return Array.from({ length: count }, (_, n) => {
    const changes = [{ path: 'bio', before: `${first + n - 1}`, after: `${first + n}` }];
    const entry = makeAuditEntry({ ...ctx, ip: '192.0.2.1' }, 'update', changes);
    return makeLooseEvent(User, { _id: user } as Base, entry);
  });
}

/** Appends events of this user to the user's chain. */
export async function appendEventsOf(user: UUID, count: number, first = 1): Promise<void> {
  await LooseEvent.collection.insertMany(makeEvents(user, count, first));
  await appendToChain(systemCtx('test'));
}
