import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Project } from '../src/models/projects/project.ts';
import { projectActions } from '../src/routes/projects/projects.ts';
import { owner } from '../src/rules.ts';

export const projects = resource(Project, {
  path: '/v1/projects',
  can: { create: owner, read: owner, update: owner },
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
