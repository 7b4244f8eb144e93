import { resource } from '../src/api/resource.ts';
import { admin } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RetentionRun } from '../src/models/system/retention-run.ts';
import { retentionRunActions } from '../src/routes/retention.ts';

export const retentionRuns = resource(RetentionRun, {
  path: '/v1/retention/runs',
  can: { read: admin },
  include: ['policy'],
  actions: retentionRunActions,
});

export const handler = serve(retentionRuns);
