import { Schema } from 'mongoose';
import { entity, freeForm, sealed } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120 },
    image: {
      type: String,
      required: true,
      maxlength: 255,
      match: /^[a-z0-9][\w./:@-]*$/,
      description: 'The container image: `runpod/comfyui:latest`.',
    },
    args: {
      type: String,
      maxlength: 2000,
      description: 'The command that the container is started with.',
    },
    diskGb: {
      type: Number,
      required: true,
      default: 20,
      integer: true,
      min: 1,
      max: 10_000,
      description: "The container's disk, in GB.",
    },
    ports: {
      type: [{ type: String, maxlength: 16, match: /^\d{1,5}\/(http|tcp)$/ }],
      required: true,
      default: [],
      maxItems: 20,
      description: 'As RunPod writes them: `8188/http`.',
    },
    env: sealed(freeForm(16 * 1024), { description: 'Environment variables of the container.' }),
    isServerless: {
      type: Boolean,
      required: true,
      default: false,
      description: 'For an endpoint rather than a pod.',
    },
    category: {
      type: String,
      trim: true,
      maxlength: 64,
      description: 'A category chosen by the user.',
    },
    runpodId: {
      type: String,
      server: true,
      maxlength: 64,
      description: 'Its id at RunPod.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, name: 1, _id: 1 });
  schema.index({ user: 1, category: 1, createdAt: -1, _id: -1 });
  // For clearing `removing` marks that interrupted removals left.
  schema.index({ removing: 1 }, { sparse: true });

  return schema;
}

export const RunPodTemplate = entity('RunPodTemplate', define, {
  about: 'What a pod runs: a container image and how it is started.',
});
