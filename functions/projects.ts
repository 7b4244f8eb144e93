import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Project } from '../src/models/studio/project.ts';
import { projectActions } from '../src/routes/projects.ts';

export const projects = resource(Project, {
  path: '/v1/projects',
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: [
    'user',
    'coverImage',
    'tracks',
    'videos',
    'images',
    'audios',
    'exports',
    'jobs',
    'executions',
  ],
  actions: projectActions,
});

export const handler = serve(projects);
