import { createHash, createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { encode } from '../../src/data/bson.ts';
import type { Stored } from '../../src/data/entity.ts';
import { newId } from '../../src/data/ids.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { makeCheckpoint } from '../../src/services/audit/checkpoints.ts';
import type { AuditFault } from '../../src/services/audit/verify.ts';
import { adminCollection } from '../harness/admin.ts';
import { appendEventsOf, subjectIn } from './make-events.ts';

// What somebody does who may do everything in the database, and has no key. Two chains of twenty entries; the
// last five of each are in the second checkpoint alone, and one more in none.
const [ONE, OTHER] = [3, 11];
const entries = () => adminCollection(AuditEvent);
const at = (sequence: number, chain = ONE) => ({ chain, sequence });
const get = async (sequence: number, chain = ONE) =>
  (await entries().findOne(at(sequence, chain))) as Stored;
const unchecked = { bypassDocumentValidation: true };

/** Fills the two chains. Returns a function that puts back what they were. */
export async function fillChains(): Promise<() => Promise<void>> {
  const [one, other] = [subjectIn(ONE), subjectIn(OTHER)];
  const append = async (count: number, first: number) => {
    for (const user of [one, other]) await appendEventsOf(user, count, first);
  };
  await append(15, 1);
  await makeCheckpoint(systemCtx('test'));
  await append(5, 16);
  await makeCheckpoint(systemCtx('test'));
  await append(1, 21);
  const untouched = await entries().find({}).sort({ chain: 1, sequence: 1 }).toArray();
  return async () => {
    await entries().deleteMany({});
    await entries().insertMany(untouched);
  };
}

/** An entry as somebody would make it who has no key, with a hash that looks like one. */
function forge(entry: Stored, key?: string): Stored {
  const { hash: _hash, ...content } = entry;
  const bytes = encode(content);
  const hashed = key ? createHmac('sha256', key) : createHash('sha256');
  return { ...content, _id: content._id, hash: hashed.update(bytes).digest('base64url') };
}

/** What is done to the log, and which places the verifier is to name. */
export interface Tampering {
  tamper: () => Promise<unknown>;
  named: Partial<AuditFault>[];
}

export const TAMPERINGS: Record<string, Tampering> = {
  'edits an entry': {
    tamper: () => entries().updateOne(at(5), { $set: { action: 'create' } }),
    named: [{ ...at(5), message: expect.stringMatching(/is not as it was written/) }],
  },
  'gives a value another type, so that filters do not find it': {
    tamper: async () => {
      const { document } = await get(5);
      return entries().updateOne(at(5), { $set: { document: String(document) } }, unchecked);
    },
    named: [at(5)],
  },
  'replaces the encrypted values of an entry by those of another': {
    tamper: async () => entries().updateOne(at(5), { $set: { changes: (await get(6)).changes } }),
    named: [at(5)],
  },
  'deletes an entry': {
    tamper: () => entries().deleteOne(at(5)),
    named: [{ ...at(5), message: expect.stringMatching(/is missing/) }],
  },
  'deletes the first entries': {
    tamper: () => entries().deleteMany({ chain: ONE, sequence: { $lte: 4 } }),
    named: [{ ...at(1), message: expect.stringMatching(/missing, and all up to 4/) }],
  },
  'cuts off the end, of before the last checkpoint': {
    tamper: () => entries().deleteMany({ chain: ONE, sequence: { $gt: 17 } }),
    named: [{ ...at(18), message: expect.stringMatching(/18 to 20 are missing/) }],
  },
  'exchanges two entries': {
    tamper: async () => {
      await entries().updateOne(at(5), { $set: { sequence: 1000 } });
      await entries().updateOne(at(6), { $set: { sequence: 5 } });
      await entries().updateOne(at(1000), { $set: { sequence: 6 } });
    },
    named: [at(5)],
  },
  'edits an entry, and chains all after it anew without the key': {
    tamper: async () => {
      let previous = (await get(4)).hash as string;
      for (let sequence = 5; sequence <= 21; sequence++) {
        const entry = { ...(await get(sequence)), previousHash: previous };
        const forged = forge({ ...entry, ...(sequence === 5 && { action: 'x' }) }, 'a guess');
        await entries().replaceOne(at(sequence), forged);
        previous = forged.hash as string;
      }
    },
    named: [at(5)],
  },
  'exchanges two chains': {
    tamper: async () => {
      await entries().updateMany({ chain: ONE }, { $set: { chain: 1000 } });
      await entries().updateMany({ chain: OTHER }, { $set: { chain: ONE } });
      await entries().updateMany({ chain: 1000 }, { $set: { chain: OTHER } });
    },
    named: [at(1), at(1, OTHER)],
  },
  'inserts an entry at the end': {
    tamper: async () => {
      const last = await get(21);
      const next = { ...last, _id: newId(Date.now()), sequence: 22, previousHash: last.hash };
      return entries().insertOne(forge(next));
    },
    named: [at(22)],
  },
  'inserts an entry in between, and counts on after it': {
    tamper: async () => {
      for (let sequence = 21; sequence > 5; sequence--)
        await entries().updateOne(at(sequence), { $inc: { sequence: 1 } });
      const [before, after] = [await get(5), await get(7)];
      const id = newId(Date.now());
      await entries().insertOne(
        forge({ ...after, _id: id, sequence: 6, previousHash: before.hash }),
      );
    },
    named: [at(6)],
  },
  'inserts an entry at half a place': {
    tamper: async () => {
      const half = { ...(await get(5)), _id: newId(Date.now()), sequence: 5.5 };
      return entries().insertOne(half, unchecked);
    },
    named: [at(6)],
  },
  'inserts an entry outside of the chains': {
    tamper: async () => {
      const { chain: _chain, ...entry } = await get(5);
      return entries().insertOne({ ...entry, _id: newId(Date.now()) }, unchecked);
    },
    named: [{ message: expect.stringMatching(/is in none of the chains/) }],
  },
  'puts a document of another form into a chain': {
    tamper: () => entries().replaceOne(at(5), { ...at(5), pattern: /x/ }, unchecked),
    named: [{ ...at(5), message: expect.stringMatching(/not the form of an entry/) }],
  },
  'empties the collection': {
    tamper: () => entries().deleteMany({}),
    named: [
      { ...at(1), message: expect.stringMatching(/1 to 20 are missing/) },
      { ...at(1, OTHER), message: expect.stringMatching(/1 to 20 are missing/) },
    ],
  },
  'cuts off the end, and lets the product append others': {
    tamper: async () => {
      await entries().deleteMany({ chain: ONE, sequence: { $gt: 17 } });
      await appendEventsOf(subjectIn(ONE), 5);
    },
    named: [{ ...at(20), message: expect.stringMatching(/not the one of the checkpoint/) }],
  },
  'lets an entry name a key that is none': {
    tamper: () => entries().updateOne(at(5), { $set: { key: newId(1) } }),
    named: [{ ...at(5), message: expect.stringMatching(/the key .* is gone/) }],
  },
};
