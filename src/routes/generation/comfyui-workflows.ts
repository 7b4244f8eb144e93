import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute, updateRoute } from '../../api/resource/document-routes.ts';
import { readIfMatch } from '../../api/resource/etag.ts';
import { idSchema, makeBody } from '../../api/resource/input.ts';
import { patch } from '../../api/resource/patch.ts';
import { applyRule, filterById, store } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import type { UUID } from '../../data/ids.ts';
import { type Fault, invalid } from '../../errors.ts';
import { ComfyUIWorkflowConfig } from '../../models/generation/comfyui/workflow-config.ts';
import { findGraphFaults } from '../../models/generation/comfyui/workflow-graph.ts';
import { owner } from '../../rules.ts';
import { findCatalogFaults } from '../../services/generation/comfyui/check-workflow.ts';
import { findFileFaults } from '../../services/generation/comfyui/foreign-files.ts';
import {
  type GraphSource,
  MOST_KEYS,
  readImport,
} from '../../services/generation/comfyui/import-graph.ts';
import { keepRevision, type WorkflowDoc } from '../../services/generation/comfyui/revisions.ts';
import {
  suggestOutputs,
  suggestParameters,
} from '../../services/generation/comfyui/suggest-parameters.ts';

const path = '/v1/comfyui/workflows';
const options = { path, rule: owner };

/** A graph of 400 nodes has some 2 MB. */
const ROOM = { mostKeys: MOST_KEYS, mostKiB: 3 * 1024 };

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
  handle: async (ctx, { body }) =>
    answerCreated(path, ComfyUIWorkflowConfig, await makeWorkflow(ctx, body)),
} satisfies Partial<Route>);

const update: Route = Object.assign(updateRoute(ComfyUIWorkflowConfig, options), {
  ...ROOM,
  example: { description: 'Of a lighthouse, at night.' },
  handle: async (ctx, request) => {
    const versions = readIfMatch(request.ifMatch);
    const filter = filterById(owner, ctx, request);
    const document = await patch(
      ctx,
      ComfyUIWorkflowConfig,
      filter,
      request.body,
      versions,
      async (next) => [...findPriceFaults(ctx, request.body), ...(await findFaults(ctx, next))],
    );
    await decryptFields(ctx, ComfyUIWorkflowConfig, [document]);
    await keepRevision(ctx, document);
    return answerDocument(200, ComfyUIWorkflowConfig, document);
  },
} satisfies Partial<Route>);

const importing: Route = {
  ...ROOM,
  method: 'POST',
  path: `${path}/import`,
  id: 'importComfyUIWorkflow',
  summary:
    'Make a workflow of a graph, or of the one that a picture of ComfyUI carries. Parameters and outputs are suggested; change them by PATCH.',
  tag: 'ComfyUIWorkflows',
  access: 'user',
  example: { name: 'Found', graph: example.graph },
  success: { 201: { description: 'Created.', schema: documentSchema(ComfyUIWorkflowConfig) } },
  handle: async (ctx, { body }) => {
    const { graph: sent, image, ...rest } = body as GraphSource & Record<string, unknown>;
    const { user } = applyRule(owner, ctx.actor) as { user: UUID };
    const graph = await readImport(ctx, user, {
      ...(sent && { graph: sent }),
      ...(image && { image }),
    });
    const contradictions = findGraphFaults({ graph, parameters: [], outputs: [] });
    const faults = [...findPriceFaults(ctx, rest), ...contradictions];
    if (faults.length > 0) throw invalid(faults);
    const suggested = { parameters: suggestParameters(graph), outputs: suggestOutputs(graph) };
    const document = await makeWorkflow(ctx, {
      ...{ ...rest, graph },
      ...dropFaulty(suggested, await findFaults(ctx, { graph, ...suggested })),
    });
    return answerCreated(path, ComfyUIWorkflowConfig, document);
  },
};

const importGraph = addLazyParts(importing, {
  body: () =>
    makeBody(ComfyUIWorkflowConfig.shape, 'create')
      .fork(['graph'], (field) => field.optional())
      .fork(['parameters', 'outputs'], (field) => field.forbidden())
      .keys({ image: idSchema().description('The id of an Image.') })
      .xor('graph', 'image'),
});

/** Suggestions go by names: where the pods say otherwise, they are left out. */
function dropFaulty(suggested: Record<string, object[]>, faults: Fault[]) {
  const isFaulty = (list: string, i: number) =>
    faults.some(({ path }) => path.startsWith(`${list}.${i}.`));
  return Object.fromEntries(
    Object.entries(suggested).map(([list, all]) => [
      list,
      all.filter((_, i) => !isFaulty(list, i)),
    ]),
  );
}

async function makeWorkflow(ctx: Ctx, body: Record<string, unknown>): Promise<WorkflowDoc> {
  const faults = [
    ...findPriceFaults(ctx, body),
    ...(await findFaults(ctx, { parameters: [], outputs: [], ...body })),
  ];
  if (faults.length > 0) throw invalid(faults);
  const document = await store(ctx, ComfyUIWorkflowConfig, owner, body);
  await keepRevision(ctx, document);
  return document;
}

/** Who is to pay does not say how much. */
function findPriceFaults({ actor }: Ctx, { creditCost }: { creditCost?: unknown }): Fault[] {
  if (!creditCost || actor.kind === 'ADMIN') return [];
  return [{ path: 'creditCost', message: 'is set by administrators alone' }];
}

/** What is wrong with a workflow: in itself or, when nothing is, for the pods that are up. */
async function findFaults(ctx: Ctx, workflow: Record<string, unknown>): Promise<Fault[]> {
  const contradictions = findGraphFaults(workflow);
  const faults = contradictions.length > 0 ? contradictions : findFileFaults(workflow as never);
  return faults.length > 0 ? faults : findCatalogFaults(ctx, workflow as never);
}

/** Workflows are kept as they are after each write, so that what was executed can be repeated. */
export const workflowActions: Route[] = [create, update, importGraph];
