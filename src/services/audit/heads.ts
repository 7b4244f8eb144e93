import { getReadDeadline, withDeadline } from '../../data/deadlines.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { CHAINS, type Head } from './entry.ts';

/** The numbers of all chains. */
export const ALL_CHAINS = Array.from({ length: CHAINS }, (_, chain) => chain);

/**
 * Reads where these chains end, in one command that looks at one entry of each, and of what is committed by a
 * majority alone: a checkpoint must not tell of what a failover takes back.
 */
export async function readHeads(chains: number[]): Promise<Head[]> {
  const [first, ...others] = chains as [number, ...number[]];
  const look = (chain: number) => [
    { $match: { chain } },
    { $sort: { chain: 1, sequence: -1 } },
    { $limit: 1 },
    { $project: { _id: 0, chain: 1, sequence: 1, hash: 1 } },
  ];
  const coll = AuditEvent.collectionName;
  const unions = others.map((chain) => ({ $unionWith: { coll, pipeline: look(chain) } }));
  const cursor = AuditEvent.collection.aggregate<Head>([...look(first), ...unions], {
    ...{ maxTimeMS: getReadDeadline(), readConcern: { level: 'majority' } },
  });
  const found = await withDeadline(cursor.toArray());
  const byChain = new Map(found.map((head) => [head.chain, head]));
  return chains.map((chain) => byChain.get(chain) ?? { chain, sequence: 0, hash: '' });
}
