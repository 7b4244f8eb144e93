import '../harness/place.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { type ComfyUi, startComfyUi } from '../../src/local/comfyui/start.ts';
import { findGraphFaults } from '../../src/models/generation/comfyui/workflow-graph.ts';
import { checkPod } from '../../src/services/generation/comfyui/check-pods.ts';
import { checkWorkflow } from '../../src/services/generation/comfyui/check-workflow.ts';
import {
  type NodeCatalog,
  readCatalog,
} from '../../src/services/generation/comfyui/node-catalog.ts';
import { findPod, type PodDoc } from '../../src/services/generation/comfyui/pods.ts';
import { shippedWorkflows } from '../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import type { Problem } from '../contract/held.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { PLAIN_PICTURE, SMALLER_PICTURE, TWO_PICTURES, usePods } from './support/drive.ts';

place({ worker: false });

const ctx = systemCtx('test');
let server: ComfyUi;
let catalog: NodeCatalog;

beforeAll(async () => {
  server = await startComfyUi();
  const [id] = await usePods(server.url);
  const pod = (await findPod(ctx, new UUID(id))) as PodDoc;
  expect(await checkPod(ctx, pod, AbortSignal.timeout(60_000))).toBe(true);
  catalog = (await readCatalog(ctx, pod._id)) as NodeCatalog;
});
afterAll(() => server.stop());

const { graph, parameters, outputs } = PLAIN_PICTURE;
const set = (name: string, type: string, path: string, more: object = {}) => ({
  parameters: [{ name, type, path, ...more }],
});
const { 1: empty, 2: save } = graph;
const { width: _, ...withoutWidth } = empty.inputs;

const refused: [what: string, change: object, ...paths: string[]][] = [
  ['an input that no node has', set('w', 'INTEGER', '1.inputs.widht'), 'parameters.0.path'],
  [
    'a text for a number',
    set('w', 'STRING', '1.inputs.width', { default: 'abc' }),
    'parameters.0.default',
    'parameters.0.type',
  ],
  [
    'more than a node takes',
    set('w', 'INTEGER', '1.inputs.width', { max: 999_999_999, default: 99_999_999 }),
    'parameters.0.default',
    'parameters.0.max',
  ],
  ['less than a node takes', set('w', 'INTEGER', '1.inputs.width', { min: 0 }), 'parameters.0.min'],
  [
    'a text for what another node makes',
    set('i', 'STRING', '2.inputs.images'),
    'parameters.0.type',
  ],
  ['a picture for a number', set('w', 'IMAGE', '1.inputs.width'), 'parameters.0.type'],
  ['a nonce beyond what a node takes', set('n', 'NONCE', '1.inputs.color'), 'parameters.0.max'],
  [
    'a nonce whose bounds are beyond what a node takes',
    set('n', 'NONCE', '1.inputs.color', { max: 0x1000000 }),
    'parameters.0.max',
  ],
  [
    'what is drawn below what a node takes',
    set('w', 'SEED', '1.inputs.width', { max: 64 }),
    'parameters.0.min',
  ],
  [
    'bounds that are all above what a node takes',
    set('w', 'INTEGER', '1.inputs.width', { min: 20_000 }),
    'parameters.0.min',
  ],
  [
    'bounds that are all below what a node takes',
    set('w', 'INTEGER', '1.inputs.width', { max: 0 }),
    'parameters.0.max',
  ],
  [
    'a nonce that would be a text where a node takes a number',
    {
      graph: { 1: { ...empty, inputs: withoutWidth }, 2: save },
      ...set('n', 'NONCE', '1.inputs.width'),
    },
    ...['parameters.0.max', 'parameters.0.min'],
  ],
  [
    'what is drawn for a choice',
    {
      graph: SMALLER_PICTURE.graph,
      outputs: SMALLER_PICTURE.outputs,
      ...set('n', 'NONCE', '2.inputs.crop'),
    },
    'parameters.0.type',
  ],
  ['seeds beyond what a node takes', set('c', 'SEED', '1.inputs.color'), 'parameters.0.max'],
  ['an output that makes nothing', { outputs: [{ node: '1', kind: 'IMAGE' }] }, 'outputs.0.node'],
  ['no node that makes an output', { graph: { 1: empty }, parameters: [], outputs: [] }, 'graph'],
  [
    'a cycle',
    {
      graph: {
        ...graph,
        3: { class_type: 'ImageInvert', inputs: { image: ['4', 0] } },
        4: { class_type: 'ImageInvert', inputs: { image: ['3', 0] } },
        5: { class_type: 'ImageInvert', inputs: { image: ['4', 0] } },
      },
    },
    'graph.3.inputs.image',
    'graph.4.inputs.image',
  ],
  [
    'an input that is set by nothing',
    {
      graph: { 1: { ...empty, inputs: withoutWidth }, 2: save },
      ...set('h', 'INTEGER', '1.inputs.height'),
    },
    'graph.1.inputs.width',
  ],
  [
    'a value that is none of a list',
    {
      graph: SMALLER_PICTURE.graph,
      outputs: SMALLER_PICTURE.outputs,
      ...set('crop', 'STRING', '2.inputs.crop', { enum: ['disabled', 'round'], default: 'round' }),
    },
    'parameters.0.default',
    'parameters.0.enum',
  ],
];

test.each(refused)(
  'a workflow with %s is refused while a pod is up',
  async (_, change, ...paths) => {
    const alice = await given.user();
    const made = await alice.post<Problem>('/v1/comfyui/workflows', {
      ...{ name: 'Wrong', graph, parameters, outputs },
      ...change,
    });
    expect(made.status, made.text).toBe(422);
    expect(made.body.errors.map(({ path }) => path).toSorted()).toEqual(paths);
  },
);

const taken: [what: string, change: object][] = [
  ['itself', {}],
  ['two outputs', TWO_PICTURES],
  ['a picture that is sent along', SMALLER_PICTURE],
  [
    'an input that its parameter alone sets',
    {
      graph: { 1: { ...empty, inputs: withoutWidth }, 2: save },
      ...set('w', 'INTEGER', '1.inputs.width', { default: 64, max: 16_384 }),
    },
  ],
  [
    'an input that each execution must set',
    {
      graph: { 1: { ...empty, inputs: withoutWidth }, 2: save },
      ...set('w', 'INTEGER', '1.inputs.width', { required: true }),
    },
  ],
  ['a nonce within what a node takes', set('n', 'NONCE', '1.inputs.color', { max: 0xffffff })],
  ['a nonce that no class knows', set('n', 'NONCE', '1.inputs.again')],
  [
    'a whole number for any number',
    { ...SMALLER_PICTURE, ...set('w', 'NUMBER', '2.inputs.width') },
  ],
];

test.each(taken)('a workflow with %s is taken while a pod is up', async (_, change) => {
  const alice = await given.user();
  const made = await alice.post('/v1/comfyui/workflows', {
    ...{ name: 'Right', graph, parameters, outputs },
    ...change,
  });
  expect(made.status, made.text).toBe(201);
});

test.each(shippedWorkflows.map((one) => [one.name, one] as const))(
  'a workflow that comes with the product is taken: %s',
  (_, workflow) => {
    expect(findGraphFaults(workflow as never)).toEqual([]);
    expect(checkWorkflow(workflow as never, catalog)).toEqual([]);
  },
);

test('an import leaves out what it would suggest where the pods say otherwise', async () => {
  const alice = await given.user();
  const odd = { ...empty, inputs: { ...empty.inputs, seed: 3, width: 64 } };
  const made = await alice.post('/v1/comfyui/workflows/import', {
    ...{ name: 'Found', graph: { 1: odd, 2: save } },
  });
  expect(made.status, made.text).toBe(201);
  const names = (made.body.parameters as { name: string }[]).map(({ name }) => name);
  expect(names).toContain('width');
  expect(names).not.toContain('seed');
});

/** What the editor saves: a value, linked to the width of so many nodes. */
const savedWith = (value: unknown, nodes: number, id?: string) => ({
  nodes: [
    { id: 0, type: 'PrimitiveNode', widgets_values: [value] },
    ...Array.from({ length: nodes }, (_, n) => ({
      ...{ id: id ?? n + 1, type: 'EmptyImage', widgets_values: [64, 64, 1, 0] },
      inputs: [{ name: 'width', link: 1 }],
    })),
  ],
  links: [[1, 0, 0, 1, 0, 'INT']],
});

test.each([
  ['grows beyond all bounds', savedWith('x'.repeat(1e6), 1000), 'graph', 'exceeds 2097152 bytes'],
  ['has too many keys', savedWith(Array(1000).fill(1), 100), '', 'has over 40000 keys'],
  ['has an operator', savedWith(1, 1, '$where'), 'graph.$where', 'a key may not start with $'],
])(
  "an import of the editor's format that %s as it is converted is refused",
  async (...[, saved, path, message]) => {
    const alice = await given.user();
    const body = { name: 'Saved', graph: saved };
    const made = await alice.post<Problem>('/v1/comfyui/workflows/import', body);
    expect(made.status, made.text.slice(0, 500)).toBe(422);
    expect(made.body.errors[0]).toEqual({ path, message });
  },
);
