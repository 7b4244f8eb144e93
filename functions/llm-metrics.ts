import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { LlmMetric } from '../src/models/generation/llm/metric.ts';
import { admin } from '../src/rules.ts';

export const llmMetrics = resource(LlmMetric, {
  path: '/v1/llm/metrics',
  can: { read: admin },
});

export const handler = serve(llmMetrics);
