// Run by audit-storm.ts, and killed by it: writes to documents of many owners, or appends what waits to the
// audit chains, for as long as it lives.
import { setTimeout } from 'node:timers/promises';
import { systemCtx } from '../../src/context.ts';
import { connect } from '../../src/data/connection.ts';
import { BACKGROUND } from '../../src/data/deadlines.ts';
import { UUID } from '../../src/data/ids.ts';
import { update } from '../../src/data/write.ts';
import { Project } from '../../src/models/index.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';

/** What it says: that a write was acknowledged. */
export type Said = 'written';

const { ROLE, WRITERS = '1' } = process.env;
const ctx = systemCtx('test');

const { promise: told, resolve: tell } = Promise.withResolvers<unknown>();
process.once('message', tell);

await connect(BACKGROUND);
if (ROLE === 'write') write((await told) as string[]);
else await append();

/** So many at once, each one write after the other, to any of these. */
function write(ids: string[]): void {
  for (let n = 0; n < Number(WRITERS); n++) void writeOn(ids);
}

async function writeOn(ids: string[]): Promise<void> {
  for (;;) {
    const _id = new UUID(ids[Math.floor(Math.random() * ids.length)] as string);
    await update(ctx, Project, { _id }, { set: { name: String(Math.random()) } });
    process.send?.('written' satisfies Said);
  }
}

async function append(): Promise<void> {
  for (;;) {
    // A run that fails is followed by another, as where it is deployed.
    await appendToChain(ctx).catch((error: Error) => console.error(error.message));
    await setTimeout(20);
  }
}
