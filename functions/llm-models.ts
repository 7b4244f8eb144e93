import { resource } from '../src/api/resource.ts';
import { admin, signedIn } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { LlmModel } from '../src/models/llm/model.ts';

export const llmModels = resource(LlmModel, {
  path: '/v1/llm/models',
  can: { create: admin, read: signedIn, update: admin, remove: admin },
});

export const handler = serve(llmModels);
