import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Job } from '../src/models/jobs/job.ts';
import { rerunRoute } from '../src/routes/generation/rerun.ts';
import { jobActions } from '../src/routes/jobs/jobs.ts';
import { queueRoutes } from '../src/routes/jobs/queues.ts';
import { owner } from '../src/rules.ts';

export const jobs = resource(Job, {
  path: '/v1/jobs',
  can: { read: owner },
  include: ['user', 'project'],
  actions: [...jobActions, rerunRoute, ...queueRoutes],
});

export const handler = serve(jobs);
