import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'export' },
    image: {
      type: String,
      required: true,
      maxlength: 255,
      match: /^[a-z0-9][\w./:@-]*$/,
      personal: 'export',
      description: 'The container image: `runpod/comfyui:latest`.',
    },
    args: {
      type: String,
      maxlength: 2000,
      personal: 'export',
      description: 'The command that the container is started with.',
    },
    diskGb: {
      type: Number,
      required: true,
      default: 20,
      integer: true,
      min: 1,
      max: 10_000,
      personal: 'none',
      description: "The container's disk, in GB.",
    },
    ports: {
      type: [{ type: String, maxlength: 16, match: /^\d{1,5}\/(http|tcp)$/ }],
      required: true,
      default: [],
      maxItems: 20,
      personal: 'none',
      description: 'The exposed ports, in the format of RunPod: `8188/http`.',
    },
    env: encrypted(freeForm(16 * 1024), {
      personal: 'export',
      description: 'Environment variables of the container.',
    }),
    isServerless: {
      type: Boolean,
      required: true,
      default: false,
      personal: 'none',
      description: 'Whether it is for a serverless endpoint and not for a pod.',
    },
    category: {
      type: String,
      trim: true,
      maxlength: 64,
      personal: 'export',
      description: "The user's own category.",
    },
    runpodId: {
      type: String,
      server: true,
      maxlength: 64,
      personal: 'erase',
      description: 'Its id at RunPod.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ user: 1, category: 1, createdAt: -1, _id: -1 });
  // For marks that an interrupted deletion has left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RunPodTemplate = entity('RunPodTemplate', define, {
  about: 'What a pod runs: a container image and how it is started.',
});
