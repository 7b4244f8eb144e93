import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { LlmInteraction } from '../src/models/llm/interaction.ts';
import { interactionActions } from '../src/routes/llm.ts';

export const llmInteractions = resource(LlmInteraction, {
  path: '/v1/llm/interactions',
  can: { read: owner },
  include: ['user', 'project', 'job'],
  actions: interactionActions,
});

export const handler = serve(llmInteractions);
