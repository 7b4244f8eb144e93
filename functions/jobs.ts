import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Job } from '../src/models/system/job.ts';
import { jobActions } from '../src/routes/jobs.ts';

export const jobs = resource(Job, {
  path: '/v1/jobs',
  can: { read: owner },
  include: ['user', 'project'],
  actions: jobActions,
});

export const handler = serve(jobs);
