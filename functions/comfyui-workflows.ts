import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { getReaders } from '../src/data/readers.ts';
import { ComfyUIWorkflowConfig } from '../src/models/generation/comfyui/workflow-config.ts';
import { owner } from '../src/rules.ts';

export const comfyuiWorkflows = resource(ComfyUIWorkflowConfig, {
  path: '/v1/comfyui/workflows',
  can: {
    create: owner,
    read: getReaders(ComfyUIWorkflowConfig),
    update: owner,
    remove: owner,
  },
  include: ['user', 'executions'],
  example: {
    name: 'Cover art',
    graph: {
      '6': { class_type: 'CLIPTextEncode', inputs: { text: 'A lighthouse at night' } },
      '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'cover' } },
    },
    parameters: [{ name: 'prompt', type: 'STRING', path: '6.inputs.text', required: true }],
    outputs: [{ node: '9', kind: 'IMAGE' }],
  },
});

export const handler = serve(comfyuiWorkflows);
