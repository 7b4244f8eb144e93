import Joi from 'joi';
import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';

/** Having retention done now. */
export const retentionRunActions: Route[] = [
  notYet(
    {
      method: 'POST',
      path: '/v1/retention/runs',
      id: 'createRetentionRun',
      summary: 'Run the enabled policies now.',
      tag: 'RetentionRuns',
      access: 'admin',
      body: Joi.object({ dryRun: Joi.boolean().strict() }),
    },
    'Retention policies are not carried out yet.',
  ),
];
