import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    execution: ref('ComfyUIWorkflowExecution', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
    }),
    at: {
      type: Date,
      required: true,
      server: true,
      description: 'When it happened, by the clock of the pod.',
    },
    level: { type: String, required: true, enum: ['DEBUG', 'INFO', 'WARN', 'ERROR'], server: true },
    event: {
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      description: 'The event, as ComfyUI names it: `executing`, `progress`.',
    },
    node: {
      type: String,
      maxlength: 64,
      server: true,
      description: 'The id of the node in the graph.',
    },
    message: { type: String, maxlength: 4000, server: true },
    data: freeForm(16 * 1024, { server: true }),
    expiresAt: {
      type: Date,
      required: true,
      server: true,
      select: false,
      description: 'When the line is deleted.',
    },
  });

  schema.index({ user: 1, execution: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, execution: 1, level: 1, createdAt: -1, _id: -1 });
  schema.index({ execution: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const ComfyUIExecutionLog = entity('ComfyUIExecutionLog', define, {
  about: 'A line in the log of a workflow execution: append-only.',
  audited: false,
});
