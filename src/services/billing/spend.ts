import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Project } from '../../models/projects/project.ts';
import type { Credits } from './accounts.ts';
import { BY_NUMBER, findRange, lookUpJob, type Month } from './statement.ts';

/** The most job types, and projects, that are shown: those that cost most. */
const MOST_SHOWN = 100;

/** What was spent on work in a month: neither debts that were paid, nor what has expired or was taken. */
export interface Spend {
  total: Credits;
  byType: { type: string; credits: Credits; jobs: number }[];
  /** `project` is null for work of no project, or of one that is gone. */
  byProject: { project: UUID | null; name: string | null; credits: Credits; jobs: number }[];
}

/** Adds up what an account has spent on jobs in a month, by their type and by project. */
export async function sumSpend(ctx: Ctx, account: UUID, month: Month): Promise<Spend> {
  const spent = { $sum: { $multiply: [-1, '$amount'] } };
  const summed = { credits: { $sum: '$credits' }, jobs: { $sum: 1 } };
  // Of the sums, without a sort of all of them.
  const top = { $topN: { n: MOST_SHOWN, sortBy: { credits: -1, _id: 1 }, output: '$$ROOT' } };
  const first = [{ $group: { _id: null, top } }, { $unwind: '$top' }, { $replaceWith: '$top' }];
  const [found] = await aggregate<Spend & { total: { credits: Credits }[] }>(
    ctx,
    CreditsTransaction,
    [
      { $match: { ...(await findRange(ctx, account, month)), cause: 'JOB' } },
      { $group: { _id: '$job', credits: spent } },
      { $set: { job: '$_id' } },
      ...lookUpJob(['type', 'project']),
      {
        $facet: {
          total: [{ $group: { _id: null, credits: { $sum: '$credits' } } }],
          byType: [
            { $group: { _id: { $ifNull: ['$job.type', 'other'] }, ...summed } },
            ...first,
            { $project: { _id: 0, type: '$_id', credits: 1, jobs: 1 } },
          ],
          byProject: [
            { $group: { _id: { $ifNull: ['$job.project', null] }, ...summed } },
            ...first,
            ...nameProject(),
          ],
        },
      },
    ],
    BY_NUMBER,
  );
  const { total = [], byType = [], byProject = [] } = found ?? {};
  return { total: total[0]?.credits ?? 0, byType, byProject };
}

function nameProject() {
  return [
    {
      $lookup: {
        from: Project.collectionName,
        localField: '_id',
        foreignField: '_id',
        pipeline: [{ $project: { name: 1 } }],
        as: 'found',
      },
    },
    {
      $project: {
        _id: 0,
        project: '$_id',
        name: { $ifNull: [{ $first: '$found.name' }, null] },
        credits: 1,
        jobs: 1,
      },
    },
  ];
}
