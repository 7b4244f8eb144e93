import type { Ctx } from '../../context.ts';
import type { Bytes } from '../../data/bson.ts';
import { idText } from '../../data/ids.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { type Anchors, readAnchors } from './anchors.ts';
import { type Entry, isGenuine, readEntry } from './entry.ts';
import { ALL_CHAINS } from './heads.ts';
import { findKey } from './keys.ts';

/** What is wrong, and where. */
export interface AuditFault {
  /** None where a checkpoint is wrong, or a document that is in no chain. */
  chain?: number;
  /** The place in the chain. */
  sequence?: number;
  message: string;
}

/** What was looked at, and what is wrong: of each chain the first fault. */
export interface AuditReport {
  entries: number;
  checkpoints: number;
  /** How many entries the last checkpoint vouches for; what came later could be cut unnoticed. */
  covered: number;
  faults: AuditFault[];
  /** The time was up before all chains had been read. */
  unfinished?: true;
}

/** So many chains are read at once: while one waits for the database, another is computed. */
const AT_ONCE = 4;
const BATCH = 2000;
/** The verifier stops when this much of the function's time is left, in ms. */
const RESERVE_MS = 30_000;

/**
 * Reads the whole audit log, and recomputes what is stored: the hash of each entry, its place, and what the
 * checkpoints say. Begins with a random chain: where the time does not suffice, each has its night.
 */
export async function verifyAudit(
  ctx: Ctx,
  timeLeft: () => number = () => Number.POSITIVE_INFINITY,
): Promise<AuditReport> {
  const anchors = await readAnchors(ctx);
  const covered = (anchors.newest?.heads ?? []).reduce((sum, { sequence }) => sum + sequence, 0);
  const faults: AuditFault[] = anchors.faults.map((message) => ({ message }));
  const report: AuditReport = { entries: 0, checkpoints: anchors.checkpoints, covered, faults };
  const start = Math.floor(Math.random() * ALL_CHAINS.length);
  const left = [...ALL_CHAINS.slice(start), ...ALL_CHAINS.slice(0, start)];
  const readChains = async () => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift()) {
      const fault = await verifyChain(ctx, chain, anchors, {
        count: () => void report.entries++,
        isLate: () => timeLeft() < RESERVE_MS,
      });
      if (fault === 'LATE') report.unfinished = true;
      else if (fault) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readChains));
  faults.push(...(await findStrays()));
  faults.sort((a, b) => (a.chain ?? -1) - (b.chain ?? -1));
  return report;
}

interface Progress {
  count(): void;
  isLate(): boolean;
}

/** Reads one chain up to its first fault. */
async function verifyChain(
  ctx: Ctx,
  chain: number,
  anchors: Anchors,
  progress: Progress,
): Promise<AuditFault | 'LATE' | undefined> {
  const expected = anchors.byChain.get(chain);
  let last = { sequence: 0, hash: '' };
  const fail = (sequence: number, message: string) => ({ chain, sequence, message });
  let uncovered: Entry | undefined;
  for await (const batch of openChain(chain)) {
    if (progress.isLate()) return 'LATE';
    for (const bytes of batch) {
      progress.count();
      const place = last.sequence + 1;
      const entry = readEntry(bytes);
      const message = entry
        ? await findFault(ctx, entry, last, expected?.get(place))
        : 'what is stored here has not the form of an entry';
      if (message) return fail(place, message);
      last = entry as Entry;
      uncovered ??= isUncovered(last as Entry, chain, anchors) ? (last as Entry) : undefined;
    }
  }
  const end = Math.max(0, ...(expected?.keys() ?? []));
  if (last.sequence < end) {
    const range = end === last.sequence + 1 ? `${end} is` : `${last.sequence + 1} to ${end} are`;
    return fail(
      last.sequence + 1,
      `${range} missing: the end of the chain was cut after the checkpoint ${expected?.get(end)?.name}`,
    );
  }
  if (uncovered) {
    const when = uncovered.createdAt.toISOString();
    return fail(
      uncovered.sequence,
      `it is of ${when} and in no checkpoint, of which one is due every ten minutes`,
    );
  }
  return undefined;
}

/** What is wrong with an entry that should come after `last`. */
async function findFault(
  ctx: Ctx,
  entry: Entry,
  last: { sequence: number; hash: string },
  anchor: { hash: string; name: string } | undefined,
): Promise<string | undefined> {
  const place = last.sequence + 1;
  const describe = () => `${idText(entry.id)} of ${formatDate(entry.createdAt)}`;
  if (entry.sequence > place) {
    const until = entry.sequence - 1;
    return until === place ? 'it is missing' : `it is missing, and all up to ${until}`;
  }
  if (entry.sequence !== place) return `${describe()} says that it is entry ${entry.sequence}`;
  const key = await findKey(ctx, entry.key);
  if (!key) return `the key ${idText(entry.key)} of ${describe()} is gone or does not open`;
  if (!isGenuine(key.entries, entry)) return `${describe()} is not as it was written`;
  if (entry.previousHash !== last.hash) return `${describe()} does not follow the entry before`;
  if (anchor && anchor.hash !== entry.hash)
    return `${describe()} is not the one of the checkpoint ${anchor.name}`;
  return undefined;
}

function isUncovered(entry: Entry, chain: number, { newest, coveredUntil }: Anchors): boolean {
  if (!coveredUntil || entry.createdAt >= coveredUntil) return false;
  const head = newest?.heads.find((one) => one.chain === chain);
  return entry.sequence > (head?.sequence ?? 0);
}

/** Reads a chain as bytes, in its order: what the driver has at hand at once, which costs it less. */
async function* openChain(chain: number): AsyncGenerator<Bytes[]> {
  const options = { raw: true, batchSize: BATCH, readConcern: { level: 'majority' } } as const;
  const cursor = AuditEvent.collection.find({ chain }, options).sort({ chain: 1, sequence: 1 });
  try {
    while (await cursor.hasNext()) yield cursor.readBufferedDocuments() as unknown as Bytes[];
  } finally {
    await cursor.close();
  }
}

const MOST_STRAYS = 5;

/** Finds documents among the entries that are in none of the chains. */
async function findStrays(): Promise<AuditFault[]> {
  const found = AuditEvent.collection
    .find({ chain: { $nin: ALL_CHAINS } }, { projection: { _id: 1 }, limit: MOST_STRAYS })
    .hint({ chain: 1, sequence: 1 });
  return (await found.toArray()).map(({ _id }) => ({
    message: `The document ${String(_id)} among the entries is in none of the chains.`,
  }));
}

/** A date that is none is shown, too. */
function formatDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString();
}
