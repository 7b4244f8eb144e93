import { resource } from '../src/api/resource.ts';
import { admin } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { LlmMetric } from '../src/models/llm/metric.ts';

export const llmMetrics = resource(LlmMetric, {
  path: '/v1/llm/metrics',
  can: { read: admin },
});

export const handler = serve(llmMetrics);
