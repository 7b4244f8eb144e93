import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RunPodConfiguration } from '../src/models/generation/runpod/configuration.ts';
import { owner } from '../src/rules.ts';

export const runpodConfigurations = resource(RunPodConfiguration, {
  path: '/v1/runpod/configurations',
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'defaultTemplate', 'pods', 'executions'],
  example: { name: 'Our account', apiKey: 'rpa_the_key_that_runpod_shows_once' },
});

export const handler = serve(runpodConfigurations);
