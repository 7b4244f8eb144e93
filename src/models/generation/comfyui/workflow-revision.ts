import { Schema } from 'mongoose';
import { encrypted, entity, freeForm, ref } from '../../../data/entity.ts';
import { LARGEST_GRAPH } from './workflow-graph.ts';
import { outputList, parameterList } from './workflow-parameter.ts';

function define() {
  const schema = new Schema({
    workflow: ref('ComfyUIWorkflowConfig', {
      required: true,
      immutable: true,
      server: true,
      onDelete: 'cascade',
      personal: 'none',
    }),
    revision: {
      type: Number,
      required: true,
      integer: true,
      min: 1,
      server: true,
      personal: 'none',
    },
    graph: encrypted(freeForm(LARGEST_GRAPH), {
      required: true,
      server: true,
      personal: 'export',
    }),
    parameters: encrypted(
      { ...parameterList() },
      {
        required: true,
        server: true,
        personal: 'export',
      },
    ),
    outputs: { ...outputList(), required: true, default: [], server: true, personal: 'export' },
    graphHash: {
      type: String,
      required: true,
      server: true,
      match: /^[0-9a-f]{64}$/,
      personal: 'none',
      description: 'SHA-256 of the graph as canonical JSON.',
    },
  });

  schema.index({ workflow: 1, revision: 1 }, { unique: true });
  schema.index({ user: 1 });

  return schema;
}

export const ComfyUIWorkflowRevision = entity('ComfyUIWorkflowRevision', define, {
  about: 'A workflow as it was executed, kept whole: what reruns and lineage read. Append-only.',
  audited: false,
});
