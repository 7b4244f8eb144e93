import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { LlmInteraction } from '../src/models/generation/llm/interaction.ts';
import { interactionActions } from '../src/routes/generation/llm.ts';
import { owner } from '../src/rules.ts';

export const llmInteractions = resource(LlmInteraction, {
  path: '/v1/llm/interactions',
  can: { read: owner },
  include: ['user', 'project', 'job'],
  actions: interactionActions,
});

export const handler = serve(llmInteractions);
