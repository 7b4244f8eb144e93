import { Schema } from 'mongoose';
import { entity, freeForm, sealed } from '../../data/entity.ts';

const schema = new Schema({
  name: { type: String, required: true, trim: true, maxlength: 120 },
  image: { type: String, required: true, maxlength: 255, match: /^[a-z0-9][\w./:@-]*$/ },
  args: { type: String, maxlength: 2000 },
  diskGb: { type: Number, required: true, default: 20, integer: true, min: 1, max: 10_000 },
  // As RunPod writes them: `8188/http`.
  ports: {
    type: [{ type: String, maxlength: 16, match: /^\d{1,5}\/(http|tcp)$/ }],
    required: true,
    default: [],
    maxItems: 20,
  },
  // Environment variables of the container.
  env: sealed(freeForm(16 * 1024)),
  isServerless: { type: Boolean, required: true, default: false },
  category: { type: String, trim: true, maxlength: 64 },
  runpodId: { type: String, server: true, maxlength: 64 },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, name: 1, _id: 1 });
schema.index({ user: 1, category: 1, createdAt: -1, _id: -1 });
// Marks that a removal left when it was cut off.
schema.index({ removing: 1 }, { sparse: true });

export const RunPodTemplate = entity('RunPodTemplate', schema, {
  about: 'What a pod runs: a container image and how it is started.',
});
