import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RunPodConfiguration } from '../src/models/runpod/configuration.ts';

export const runpodConfigurations = resource(RunPodConfiguration, {
  path: '/v1/runpod/configurations',
  can: { create: owner, read: owner, update: owner, remove: owner },
  include: ['user', 'defaultTemplate', 'pods', 'executions'],
  example: { name: 'Our account', apiKey: 'rpa_the_key_that_runpod_shows_once' },
});

export const handler = serve(runpodConfigurations);
