import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemCtx } from '../../src/context.ts';
import { idText, newId } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { AuditEvent, LooseEvent, Project } from '../../src/models/index.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { type AuditReport, verifyAudit } from '../../src/services/audit/verify.ts';
import { chance as makeChance } from './chance.ts';
import { inParallel } from './in-parallel.ts';
import { until } from './until.ts';

interface Storm {
  /** Processes that write, and how many writes each has under way. */
  writing: { processes: number; writers: number };
  /** How many writes are acknowledged before it ends. */
  writes: number;
  subjects: number;
  /** How often one of the processes, any of them, is killed. */
  kills: number;
}

/** What has come of it. */
interface Outcome {
  /** The writes of each document, and the entries that tell of them: equal in number. */
  uneven: { document: string; writes: number; entries: number }[];
  entries: number;
  report: AuditReport;
}

const SEQUENCERS = 2;
const MINUTES = 60_000;

/**
 * Lets many processes write to documents of many owners while others append to the chains, and kills them
 * (`kill -9`) in between; then appends what is left, and compares documents with entries.
 */
export async function raiseStorm({ writing, writes, subjects, kills }: Storm): Promise<Outcome> {
  const ctx = systemCtx('test');
  const chance = makeChance();
  const made = Array.from({ length: subjects }, () => newId(Date.now()));
  await inParallel(made, async (_id) => {
    await insert(ctx, Project, { _id, user: newId(Date.now()), name: 'x', status: 'DRAFT' });
  });
  const ids = made.map(idText);
  let acknowledged = 0;

  const start = (role: 'write' | 'append'): { child: ChildProcess; role: typeof role } => {
    const env = { ...process.env, ROLE: role, WRITERS: String(writing.writers) };
    const child = fork(fileURLToPath(new URL('./audit-process.ts', import.meta.url)), {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (said) => {
      if (said === 'written') acknowledged++;
    });
    if (role === 'write') child.send(ids);
    return { child, role };
  };
  const end = async ({ child }: { child: ChildProcess }) => {
    if (child.exitCode !== null) throw new Error(`A process has ended with ${child.exitCode}.`);
    const over = once(child, 'exit');
    child.kill('SIGKILL');
    await over;
  };

  const running = [
    ...Array.from({ length: writing.processes }, () => start('write')),
    ...Array.from({ length: SEQUENCERS }, () => start('append')),
  ];
  for (let n = 1; n <= kills; n++) {
    const mark = (writes * n) / (kills + 1);
    await until('some more is written', () => acknowledged >= mark, 5 * MINUTES);
    const which = chance.below(running.length);
    const victim = running[which] as (typeof running)[0];
    await end(victim);
    running[which] = start(victim.role);
  }
  await until('all is written', () => acknowledged >= writes, 5 * MINUTES);
  await Promise.all(running.map(end));

  await until('all is appended', async () => {
    await appendToChain(ctx);
    const waiting = await Project.collection.countDocuments({ 'outbox.0': { $exists: true } });
    return waiting + (await LooseEvent.collection.countDocuments()) === 0;
  });
  return { ...(await compare()), report: await verifyAudit(ctx) };
}

/** Each write raises a document's version: so many entries must tell of it. */
async function compare(): Promise<Pick<Outcome, 'uneven' | 'entries'>> {
  const told = await AuditEvent.collection
    .aggregate<{ _id: { toString(): string }; entries: number }>([
      { $match: { entity: 'Project' } },
      { $group: { _id: '$document', entries: { $sum: 1 } } },
    ])
    .toArray();
  const entries = new Map(told.map((one) => [String(one._id), one.entries]));
  const uneven: Outcome['uneven'] = [];
  for await (const { _id, version } of Project.collection.find({})) {
    const document = String(_id);
    const found = entries.get(document) ?? 0;
    if (found !== version) uneven.push({ document, writes: version, entries: found });
  }
  return { uneven, entries: [...entries.values()].reduce((sum, n) => sum + n, 0) };
}
