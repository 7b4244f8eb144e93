import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { LlmModel } from '../src/models/generation/llm/model.ts';
import { admin, signedIn } from '../src/rules.ts';

export const llmModels = resource(LlmModel, {
  path: '/v1/llm/models',
  can: { create: admin, read: signedIn, update: admin, remove: admin },
});

export const handler = serve(llmModels);
