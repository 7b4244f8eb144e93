import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../../data/entity.ts';

const COMFYUI_POD_STATUSES = ['STARTING', 'READY', 'BUSY', 'UNREACHABLE', 'STOPPED'] as const;

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'none' },
    baseUrl: {
      type: String,
      required: true,
      maxlength: 2048,
      match: /^https?:\/\/[^\s/]+(\/\S*)?$/,
      personal: 'none',
      description: 'The address of ComfyUI.',
    },
    runpodPod: ref('RunPodPod', {
      onDelete: 'unset',
      personal: 'none',
      description: 'The pod at RunPod that it runs on.',
    }),
    status: {
      type: String,
      required: true,
      enum: COMFYUI_POD_STATUSES,
      default: 'STARTING',
      server: true,
      personal: 'none',
    },
    capabilities: freeForm(256 * 1024, {
      server: true,
      personal: 'none',
      description: 'Its responses to `/object_info` and `/system_stats`.',
    }),
    lastSeenAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When it last responded.',
    },
    queueRemaining: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'The length of its queue.',
    },
  });

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ status: 1, createdAt: -1, _id: -1 });
  schema.index({ runpodPod: 1 }, { sparse: true });

  return schema;
}

export const ComfyUIPod = entity('ComfyUIPod', define, {
  about: 'An instance of ComfyUI.',
  owner: 'none',
});
