import { Schema } from 'mongoose';
import { entity, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    execution: ref('ComfyUIWorkflowExecution', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    pod: ref('ComfyUIPod', { server: true, onDelete: 'unset', personal: 'none' }),
    promptId: {
      type: String,
      maxlength: 64,
      server: true,
      personal: 'erase',
      description: 'The id of the run at ComfyUI: an execution that is tried again has several.',
    },
    at: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'When it was measured.',
    },
    vramTotal: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'In bytes.',
    },
    vramFree: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'In bytes.',
    },
    ramFree: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'In bytes.',
    },
    gpuSeconds: { type: Number, min: 0, server: true, personal: 'export' },
    cost: { type: Number, min: 0, server: true, personal: 'export', description: 'In US dollars.' },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, execution: 1, createdAt: -1, _id: -1 });
  schema.index({ execution: 1 });
  schema.index({ pod: 1 }, { sparse: true });

  return schema;
}

export const ComfyUIResourceUsage = entity('ComfyUIResourceUsage', define, {
  about: 'The resources that an execution used on a pod. Append-only.',
  audited: false,
});
