import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate, findOne } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Job } from '../../models/jobs/job.ts';
import { Project } from '../../models/projects/project.ts';
import type { Credits } from './accounts.ts';

/** A calendar month, by UTC. */
export interface Month {
  name: string;
  start: Date;
  end: Date;
}

/** The most entries of one answer. */
const MOST_ENTRIES = 5000;

/** The entries of an account in a month, with the balances before and after. */
export interface Statement {
  month: Month;
  opening: Credits;
  closing: Credits;
  /** Of the whole month, by type: how many, and their sum. */
  totals: { type: string; count: number; credits: Credits }[];
  /** At most `MOST_ENTRIES`. */
  entries: StatementEntry[];
  /** The number of the last entry, where there are more. */
  next?: number;
}

interface StatementEntry {
  sequence: number;
  createdAt: Date;
  type: string;
  cause: string;
  amount: Credits;
  balanceAfter: Credits;
  reason?: string;
  jobType?: string;
  project?: string;
}

/** The entries of an account from one number to before another. */
export interface Range {
  account: UUID;
  sequence: { $gte: number; $lt: number };
}

/** Reads `2026-11`; undefined when it is no month. */
export function readMonth(name: string): Month | undefined {
  const [, year, month] = /^(20\d\d)-(0[1-9]|1[0-2])$/.exec(name) ?? [];
  if (!month) return undefined;
  const of = (n: number) => new Date(Date.UTC(Number(year), n));
  return { name, start: of(Number(month) - 1), end: of(Number(month)) };
}

/**
 * Makes the statement of a month. Each entry is in the statement of exactly one: a month begins with the number
 * of the first entry that was made in it, and ends before that of the next one.
 * @param after the number of the last entry that was shown
 */
export async function makeStatement(
  ctx: Ctx,
  account: UUID,
  month: Month,
  after = 0,
): Promise<Statement> {
  const { sequence } = await findRange(ctx, account, month);
  const shown = { $gte: Math.max(sequence.$gte, after + 1), $lt: sequence.$lt };
  const [opening, closing, totals, found] = await Promise.all([
    findBalance(ctx, account, sequence.$gte),
    findBalance(ctx, account, sequence.$lt),
    sumByType(ctx, { account, sequence }),
    findEntries(ctx, { account, sequence: shown }),
  ]);
  const entries = found.slice(0, MOST_ENTRIES);
  const last = found.length > MOST_ENTRIES ? entries.at(-1)?.sequence : undefined;
  return { month, opening, closing, totals, entries, ...(last && { next: last }) };
}

/** Finds which entries a month has, by their numbers. */
export async function findRange(ctx: Ctx, account: UUID, { start, end }: Month): Promise<Range> {
  const last = await findOne(
    ctx,
    CreditsTransaction,
    { account },
    { sort: { account: -1, sequence: -1 } },
  );
  const past = (last?.sequence ?? 0) + 1;
  const first = async (at: Date) => {
    const filter = { account, createdAt: { $gte: at } };
    const options = { sort: { createdAt: 1, _id: 1 }, projection: { sequence: 1 } } as const;
    return (await findOne(ctx, CreditsTransaction, filter, options))?.sequence ?? past;
  };
  const [from, to] = await Promise.all([first(start), first(end)]);
  return { account, sequence: { $gte: from, $lt: Math.max(from, to) } };
}

/** The balance before the entry with this number. */
async function findBalance(ctx: Ctx, account: UUID, before: number): Promise<Credits> {
  const filter = { account, sequence: before - 1 };
  const options = { projection: { balanceAfter: 1 } } as const;
  return (await findOne(ctx, CreditsTransaction, filter, options))?.balanceAfter ?? 0;
}

function sumByType(ctx: Ctx, range: Range): Promise<Statement['totals']> {
  return aggregate(ctx, CreditsTransaction, [
    { $match: range },
    { $group: { _id: '$type', count: { $sum: 1 }, credits: { $sum: '$amount' } } },
    { $sort: { _id: 1 } },
    { $project: { _id: 0, type: '$_id', count: 1, credits: 1 } },
  ]);
}

function findEntries(ctx: Ctx, range: Range): Promise<StatementEntry[]> {
  return aggregate(ctx, CreditsTransaction, [
    { $match: range },
    { $sort: { account: 1, sequence: 1 } },
    { $limit: MOST_ENTRIES + 1 },
    ...lookUpJob(['type', 'project']),
    ...lookUpProject(),
    {
      $project: {
        ...{ _id: 0, sequence: 1, createdAt: 1, type: 1, cause: 1, amount: 1 },
        ...{ balanceAfter: 1, reason: 1, jobType: '$job.type', project: '$project.name' },
      },
    },
  ]);
}

/** Pipeline stages that put the job of an entry in the place of its id. */
export function lookUpJob(fields: string[]) {
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  return [
    {
      $lookup: {
        from: Job.collectionName,
        localField: 'job',
        foreignField: '_id',
        pipeline: [{ $project: projection }],
        as: 'job',
      },
    },
    { $set: { job: { $first: '$job' } } },
  ];
}

function lookUpProject() {
  return [
    {
      $lookup: {
        from: Project.collectionName,
        localField: 'job.project',
        foreignField: '_id',
        pipeline: [{ $project: { name: 1 } }],
        as: 'project',
      },
    },
    { $set: { project: { $first: '$project' } } },
  ];
}
