import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';

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
