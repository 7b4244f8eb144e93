import type { Route } from '../../api/http/route.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute, updateRoute } from '../../api/resource/document-routes.ts';
import { readIfMatch } from '../../api/resource/etag.ts';
import { patch } from '../../api/resource/patch.ts';
import { filterById, store } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import { type Fault, invalid } from '../../errors.ts';
import { ComfyUIWorkflowConfig } from '../../models/generation/comfyui/workflow-config.ts';
import { findGraphFaults, type Graph } from '../../models/generation/comfyui/workflow-graph.ts';
import { owner } from '../../rules.ts';
import { findCatalogFaults } from '../../services/generation/comfyui/check-graph.ts';
import { keepRevision } from '../../services/generation/comfyui/revisions.ts';

const path = '/v1/comfyui/workflows';
const options = { path, rule: owner };

/** A graph of 400 nodes has some 10,000 keys and 2 MB. */
const ROOM = { mostKeys: 40_000, mostKiB: 3 * 1024 };

const example = {
  name: 'Cover art',
  graph: {
    '6': { class_type: 'CLIPTextEncode', inputs: { text: 'A lighthouse at night' } },
    '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'cover' } },
  },
  parameters: [{ name: 'prompt', type: 'STRING', path: '6.inputs.text', required: true }],
  outputs: [{ node: '9', kind: 'IMAGE' }],
};

const create: Route = Object.assign(createRoute(ComfyUIWorkflowConfig, { ...options, example }), {
  ...ROOM,
  handle: async (ctx, { body }) => {
    const faults = await findFaults(ctx, { parameters: [], outputs: [], ...body });
    if (faults.length > 0) throw invalid(faults);
    const document = await store(ctx, ComfyUIWorkflowConfig, owner, body);
    await keepRevision(ctx, document);
    return answerCreated(path, ComfyUIWorkflowConfig, document);
  },
} satisfies Partial<Route>);

const update: Route = Object.assign(updateRoute(ComfyUIWorkflowConfig, options), {
  ...ROOM,
  handle: async (ctx, request) => {
    const versions = readIfMatch(request.ifMatch);
    const filter = filterById(owner, ctx, request);
    const document = await patch(
      ctx,
      ComfyUIWorkflowConfig,
      filter,
      request.body,
      versions,
      (next) => findFaults(ctx, next),
    );
    await decryptFields(ctx, ComfyUIWorkflowConfig, [document]);
    await keepRevision(ctx, document);
    return answerDocument(200, ComfyUIWorkflowConfig, document);
  },
} satisfies Partial<Route>);

/** What is wrong with a workflow: in itself or, when nothing is, for the pods that are up. */
async function findFaults(ctx: Ctx, workflow: Record<string, unknown>): Promise<Fault[]> {
  const faults = findGraphFaults(workflow);
  return faults.length > 0 ? faults : findCatalogFaults(ctx, workflow.graph as Graph);
}

/** Workflows are kept as they are after each write, so that what was executed can be repeated. */
export const workflowActions: Route[] = [create, update];
