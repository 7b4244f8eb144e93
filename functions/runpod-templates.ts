import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RunPodTemplate } from '../src/models/runpod/template.ts';

export const runpodTemplates = resource(RunPodTemplate, {
  path: '/v1/runpod/templates',
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'pods'],
});

export const handler = serve(runpodTemplates);
