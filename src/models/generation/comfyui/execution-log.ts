import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../../data/entity.ts';

function define() {
  const schema = new Schema({
    execution: ref('ComfyUIWorkflowExecution', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    at: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'When it happened, by the clock of the pod.',
    },
    level: {
      type: String,
      required: true,
      enum: ['DEBUG', 'INFO', 'WARN', 'ERROR'],
      server: true,
      personal: 'none',
    },
    event: {
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      personal: 'none',
      description: 'The type of event, as ComfyUI calls it: `executing`, `progress`.',
    },
    node: {
      type: String,
      maxlength: 64,
      server: true,
      personal: 'none',
      description: 'The id of the node of the graph.',
    },
    message: { type: String, maxlength: 4000, server: true, personal: 'erase' },
    data: freeForm(16 * 1024, { server: true, personal: 'erase' }),
    expiresAt: {
      type: Date,
      required: true,
      server: true,
      select: false,
      personal: 'none',
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
  about: 'An event of the execution of a workflow. Append-only.',
  audited: false,
});
