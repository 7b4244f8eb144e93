import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Project } from '../../models/projects/project.ts';
import type { Credits } from './accounts.ts';
import { findRange, lookUpJob, type Month } from './statement.ts';

/** The most job types, and projects, that are shown: those that cost most. */
const MOST_SHOWN = 100;

/** What was spent in a month, and on what. */
export interface Spend {
  total: Credits;
  byType: { type: string; credits: Credits; jobs: number }[];
  /** `project` is null for work of no project, or of one that is gone. */
  byProject: { project: UUID | null; name: string | null; credits: Credits; jobs: number }[];
}

/** Adds up what an account has spent in a month, by job type and by project. */
export async function sumSpend(ctx: Ctx, account: UUID, month: Month): Promise<Spend> {
  const spent = { $sum: { $multiply: [-1, '$amount'] } };
  const summed = { credits: spent, jobs: { $sum: 1 } };
  const first = [{ $sort: { credits: -1, _id: 1 } }, { $limit: MOST_SHOWN }];
  const [found] = await aggregate<Spend & { total: { credits: Credits }[] }>(
    ctx,
    CreditsTransaction,
    [
      { $match: { ...(await findRange(ctx, account, month)), type: 'SPEND' } },
      ...lookUpJob(['type', 'project']),
      {
        $facet: {
          total: [{ $group: { _id: null, credits: spent } }],
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
