import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RunPodTemplate } from '../src/models/generation/runpod/template.ts';
import { owner } from '../src/rules.ts';

export const runpodTemplates = resource(RunPodTemplate, {
  path: '/v1/runpod/templates',
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'pods'],
});

export const handler = serve(runpodTemplates);
