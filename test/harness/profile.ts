import { adminDatabase } from './admin.ts';

/** What MongoDB's profiler says of a command. */
export interface Profile {
  op: string;
  ns: string;
  planSummary?: string;
  hasSortStage?: boolean;
  keysExamined?: number;
  docsExamined?: number;
  nreturned?: number;
  nModified?: number;
}

/** What the database of this file was asked for while `work` ran. */
export async function profileOf(work: () => Promise<unknown>): Promise<Profile[]> {
  const db = adminDatabase();
  await db.setProfilingLevel('all');
  try {
    await work();
  } finally {
    await db.setProfilingLevel('off');
  }
  const found = await db.collection<Profile>('system.profile').find().toArray();
  await db.dropCollection('system.profile');
  // Calls are metered each ten seconds, whatever is called then.
  return found.filter(({ ns }) => !/system\.profile$|meteringFacts$/.test(ns));
}
