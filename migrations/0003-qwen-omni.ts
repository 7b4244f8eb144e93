import { UUID } from '../src/data/ids.ts';
import type { Migration } from '../src/data/migrations/migration.ts';

/** The language model that the product comes with: multimodal, and streaming only. */
export const qwenOmni: Migration = {
  id: '0003-qwen-omni',

  async up(m) {
    await m.seed('llmModels', [model]);
  },

  async down(m) {
    await m.unseed('llmModels', [model]);
  },
};

const since = new Date('2026-11-22T00:00:00.000Z');

const model = {
  _id: new UUID('019a0000-0000-7000-8000-000000000001'),
  name: 'qwen-omni',
  provider: 'QWEN',
  capabilities: {
    input: ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'],
    output: ['TEXT', 'AUDIO'],
    streaming: 'REQUIRED',
  },
  prices: {},
  isEnabled: true,
  createdAt: since,
  updatedAt: since,
  version: 1,
};
