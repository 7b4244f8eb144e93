import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError } from '../../errors.ts';

// A commit waits for the journal, and transactions on one account that run at once abort each other. So the
// spends of one process that wait at the same moment are committed together, one after another within one
// transaction; those of one account always in the same lane. A process that handles one request at a time
// commits each alone.

const LANES = 4;
const MOST_AT_ONCE = 50;

interface Waiting {
  ctx: Ctx;
  work(tx: Ctx): Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Lane {
  waiting: Waiting[];
  isBusy: boolean;
}

type Outcome = { result: unknown } | { refusal: AppError };

const lanes: Lane[] = Array.from({ length: LANES }, () => ({ waiting: [], isBusy: false }));

/** Refused before anything was written: the others of the group go on. */
export class RefusedUnwritten extends AppError {
  constructor({ code, message }: AppError) {
    super(code, message);
  }
}

/**
 * Runs `work` in a transaction that it may share with others. It throws RefusedUnwritten as long as it has
 * written nothing; any other error undoes the transaction, and each of its works is tried alone.
 */
export function commitInGroup<T>(
  ctx: Ctx,
  account: UUID,
  work: (tx: Ctx) => Promise<T>,
): Promise<T> {
  const lane = lanes[(account.buffer[15] as number) % LANES] as Lane;
  return new Promise<T>((resolve, reject) => {
    lane.waiting.push({ ctx, work, resolve: resolve as Waiting['resolve'], reject });
    if (!lane.isBusy) void serveLane(lane);
  });
}

async function serveLane(lane: Lane): Promise<void> {
  lane.isBusy = true;
  while (lane.waiting.length > 0) await commitGroup(lane.waiting.splice(0, MOST_AT_ONCE));
  lane.isBusy = false;
}

async function commitGroup(group: Waiting[]): Promise<void> {
  const [{ ctx }] = group as [Waiting];
  try {
    const outcomes = await transaction(ctx, (tx) => runAll(tx, group));
    for (const [i, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[i] as Outcome;
      if ('result' in outcome) resolve(outcome.result);
      else reject(outcome.refusal);
    }
  } catch (error) {
    // What one of them did undid the work of all. An outage is the same for all.
    if (group.length === 1 || !(error instanceof AppError) || error.code === 'UNAVAILABLE') {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const one of group) await commitGroup([one]);
  }
}

async function runAll(shared: Ctx, group: Waiting[]): Promise<Outcome[]> {
  const { session, effects } = shared;
  const outcomes: Outcome[] = [];
  for (const { ctx, work } of group) {
    const tx = { ...ctx, ...(session && { session }), ...(effects && { effects }) };
    try {
      outcomes.push({ result: await work(tx) });
    } catch (error) {
      if (!(error instanceof RefusedUnwritten)) throw error;
      outcomes.push({ refusal: error });
    }
  }
  return outcomes;
}
