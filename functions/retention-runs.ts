import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RetentionRun } from '../src/models/maintenance/retention-run.ts';
import { retentionRunActions } from '../src/routes/maintenance/retention.ts';
import { admin } from '../src/rules.ts';

export const retentionRuns = resource(RetentionRun, {
  path: '/v1/retention/runs',
  can: { read: admin },
  include: ['policy'],
  actions: retentionRunActions,
});

export const handler = serve(retentionRuns);
