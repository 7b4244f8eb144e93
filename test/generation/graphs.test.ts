import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/models/generation/comfyui/workflow-graph.ts';
import { describeNeeds } from '../../src/services/generation/comfyui/able-pods.ts';
import { checkGraph } from '../../src/services/generation/comfyui/check-graph.ts';
import { checkParameter } from '../../src/services/generation/comfyui/check-parameter.ts';
import { convertEditorGraph } from '../../src/services/generation/comfyui/convert-editor.ts';
import { fillGraph, setValues } from '../../src/services/generation/comfyui/fill-graph.ts';
import { cleanFileName } from '../../src/services/generation/comfyui/output-kinds.ts';
import { listModels, listSeeds } from '../../src/services/generation/lineage.ts';

const catalog = {
  EmptyImage: {
    input: {
      required: {
        width: ['INT', { min: 1, max: 16384 }],
        height: ['INT', { min: 1, max: 16384 }],
        color: ['INT', { min: 0, max: 0xffffff }],
      },
    },
    output: ['IMAGE'],
  },
  KSampler: {
    input: {
      required: {
        model: ['MODEL'],
        seed: ['INT', { min: 0, control_after_generate: true }],
        steps: ['INT', { min: 1, max: 10000 }],
        sampler_name: [['euler', 'dpmpp_2m']],
      },
    },
    output: ['LATENT'],
  },
  CheckpointLoaderSimple: {
    input: { required: { ckpt_name: [['a.safetensors']] } },
    output: ['MODEL'],
  },
  SaveImage: {
    input: { required: { images: ['IMAGE'], filename_prefix: ['STRING', {}] } },
    output: [],
  },
};

describe('a graph that is held against the nodes of a pod', () => {
  test('is refused with node and input of each fault', () => {
    const graph: Graph = {
      1: { class_type: 'EmptyImage', inputs: { width: 0, height: 'tall', color: 1 } },
      2: { class_type: 'SaveImage', inputs: { images: ['4', 0] } },
      3: { class_type: 'Unheard', inputs: {} },
      4: {
        class_type: 'KSampler',
        inputs: { model: ['5', 1], seed: 1, steps: 5, sampler_name: 'ddim' },
      },
      5: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'missing.safetensors' } },
    };
    expect(
      checkGraph(graph, catalog)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual([
      'graph.1.inputs.height',
      'graph.1.inputs.width',
      'graph.2.inputs.filename_prefix',
      'graph.2.inputs.images',
      'graph.3.class_type',
      'graph.4.inputs.model',
      'graph.4.inputs.sampler_name',
    ]);
  });

  test('may name files of models that the pod does not have', () => {
    const inputs = { ckpt_name: 'missing.safetensors' };
    expect(checkGraph({ 1: { class_type: 'CheckpointLoaderSimple', inputs } }, catalog)).toEqual(
      [],
    );
  });
});

test("the editor's format is converted by the nodes of a pod: values by name, past reroutes, primitives and notes", () => {
  const saved = {
    nodes: [
      {
        id: 1,
        type: 'EmptyImage',
        inputs: [{ name: 'width', link: 4 }],
        widgets_values: [64, 48, 7],
      },
      { id: 2, type: 'Reroute', inputs: [{ name: '', link: 1 }] },
      { id: 3, type: 'SaveImage', inputs: [{ name: 'images', link: 2 }], widgets_values: ['x'] },
      { id: 4, type: 'PrimitiveNode', widgets_values: [99, 'fixed'] },
      { id: 5, type: 'Note', widgets_values: ['hello'] },
      {
        id: 6,
        type: 'KSampler',
        inputs: [{ name: 'model', link: 3 }],
        widgets_values: [5, 'randomize', 20, 'euler'],
      },
      { id: 7, type: 'CheckpointLoaderSimple', inputs: [], widgets_values: ['a.safetensors'] },
      { id: 8, type: 'SaveImage', mode: 2, inputs: [], widgets_values: ['muted'] },
    ],
    links: [
      [1, 1, 0, 2, 0, 'IMAGE'],
      [2, 2, 0, 3, 0, 'IMAGE'],
      [3, 7, 0, 6, 0, 'MODEL'],
      [4, 4, 0, 1, 0, 'INT'],
    ],
  };
  expect(convertEditorGraph(saved, catalog)).toEqual({
    faults: [],
    graph: {
      1: { class_type: 'EmptyImage', inputs: { width: 99, height: 48, color: 7 } },
      3: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
      6: {
        class_type: 'KSampler',
        inputs: { model: ['7', 0], seed: 5, steps: 20, sampler_name: 'euler' },
      },
      7: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'a.safetensors' } },
    },
  });
  const bypassed = {
    nodes: [
      { id: 1, type: 'EmptyImage', mode: 4 },
      { id: 2, type: 'Unheard' },
    ],
    links: [],
  };
  expect(convertEditorGraph(bypassed, catalog).faults.map(({ path }) => path)).toEqual([
    'graph.nodes.1',
    'graph.nodes.2',
  ]);
});

test('what is no id, no name and no link in the format of the editor is a fault, or nothing', () => {
  const foreign = { toString: null, valueOf: null };
  const odd = {
    nodes: [
      { id: foreign, type: 'SaveImage' },
      { id: 2, type: foreign },
      { id: 3, type: 'toString', mode: foreign },
      {
        id: 4,
        type: 'KSampler',
        mode: foreign,
        inputs: [
          { name: foreign, link: 9 },
          { name: 'model', link: 1 },
        ],
        widgets_values: [5, foreign, foreign],
      },
    ],
    links: [
      [foreign, 1, 2],
      [1, foreign, foreign],
    ],
  };
  const { faults } = convertEditorGraph(odd, catalog);
  expect(faults.map(({ path }) => path)).toEqual([
    'graph.nodes.0',
    'graph.nodes.1',
    'graph.nodes.3',
    'graph.nodes.4',
    'graph.nodes.4',
  ]);
  const declared = { Odd: { input: { required: { x: [foreign, foreign], y: ['toString'] } } } };
  const nodes = [{ id: 1, type: 'Odd', widgets_values: [foreign] }];
  expect(convertEditorGraph({ nodes }, declared).graph).toEqual({
    1: { class_type: 'Odd', inputs: {} },
  });
});

test('what a pod says of the types of its inputs is no name of a table', () => {
  const declared = { Odd: { input: { required: { x: [{ toString: null }], y: ['toString'] } } } };
  const graph: Graph = { 1: { class_type: 'Odd', inputs: { x: ['1', 0], y: 1 } } };
  const types = ['STRING', 'NONCE'] as const;
  const faults = types.flatMap((type) =>
    ['x', 'y'].flatMap((input) => {
      const parameter = { name: 'p', type, path: `1.inputs.${input}` };
      return checkParameter(parameter, graph, declared);
    }),
  );
  expect(faults).toEqual([]);
});

test('values go to the paths of their parameters, in subgraphs too, and the graph itself is not changed', () => {
  const graph: Graph = {
    '57:8': { class_type: 'KSampler', inputs: { seed: 1, nonce: 0, 'images.image0': 'x' } },
    9: { class_type: 'SaveImage', inputs: { images: ['57:8', 0] } },
  };
  const before = structuredClone(graph);
  const parameters = [
    { name: 'seed', type: 'SEED' as const, path: '57:8.inputs.seed' },
    { name: 'dotted', type: 'STRING' as const, path: '57:8.inputs.images.image0' },
    { name: 'nonce', type: 'NONCE' as const, path: '57:8.inputs.nonce' },
  ];
  const outputs = [{ node: '9', kind: 'IMAGE' as const }];
  const nonce = '01a2264c-30b7-4000-a788-460e2c64dc40';
  const filled = fillGraph({ graph, parameters, outputs }, { seed: 7, dotted: 'y' }, nonce);
  expect(filled['57:8']?.inputs).toEqual({ seed: 7, nonce: 0x460e2c64dc40, 'images.image0': 'y' });
  expect(filled['9']?.inputs.run_nonce).toBe(nonce);
  expect(graph).toEqual(before);
});

const NONCES = ['01a2264c-30b7-4000-a788-460e2c64dc40', '01a2264c-30b7-4000-a788-ffffffffffff'];

test.each([
  [{ max: 0xffffff }, 0, 0xffffff],
  [{ min: 5, max: 7 }, 5, 7],
  [{ min: 3, max: 3 }, 3, 3],
  [{ min: 2 ** 53 - 1 }, 2 ** 53 - 1, 2 ** 53 - 1],
  [{}, 0, 2 ** 48],
])('a nonce that is a number is within its bounds: %j', (bounds, least, most) => {
  for (const before of [0, 'text', ['2', 0], undefined]) {
    const graph: Graph = { 1: { class_type: 'A', inputs: { again: before } } };
    const parameters = [{ name: 'n', type: 'NONCE' as const, path: '1.inputs.again', ...bounds }];
    const drawn = NONCES.map(
      (nonce) => fillGraph({ graph, parameters, outputs: [] }, {}, nonce)[1]?.inputs.again,
    );
    // Without bounds and without a number in the graph it is a text.
    const isText = Object.keys(bounds).length === 0 && before !== 0;
    if (isText) expect(drawn).toEqual(NONCES);
    else {
      for (const one of drawn) {
        expect(Number.isSafeInteger(one)).toBe(true);
        expect(one).toBeGreaterThanOrEqual(least);
        expect(one).toBeLessThanOrEqual(most);
      }
    }
  }
});

test('a parameter that is called as what each object has sets nothing without a value', () => {
  const graph: Graph = { 1: { class_type: 'A', inputs: { x: 1 } } };
  const parameters = [{ name: 'toString', type: 'STRING' as const, path: '1.inputs.x' }];
  expect(setValues({ graph, parameters }, {})).toEqual(graph);
  expect(setValues({ graph, parameters }, { toString: 'a' })[1]?.inputs.x).toBe('a');
});

test('what a run needs of a pod says nothing of its nonces', () => {
  const graph: Graph = {
    1: { class_type: 'EmptyImage', inputs: { width: 1, height: 1, color: 0 } },
  };
  const parameters = [{ name: 'n', type: 'NONCE' as const, path: '1.inputs.color', max: 0xffffff }];
  const revision = { graph, parameters, outputs: [] };
  const needs = describeNeeds({} as never, revision as never, {});
  expect(checkGraph(needs.graph as Graph, catalog, true)).toEqual([]);
});

test.each([
  ['../../../etc/passwd', 'passwd'],
  ['..\\..\\boot.ini', 'boot.ini'],
  ['.htaccess', 'htaccess'],
  ['a\u0000b\n.png', 'a_b_.png'],
  ['/', 'output'],
])('the name of a file is never a path: %j', (name, clean) => {
  expect(cleanFileName(name)).toBe(clean);
});

test('files of models are named, wherever a graph has them', () => {
  const graph = {
    1: { class_type: 'A', inputs: { ckpt_name: 'flux.safetensors', text: 'a cat' } },
    2: { class_type: 'B', inputs: { lora: 'style.PT', again: 'flux.safetensors' } },
  };
  expect(listModels(graph, [])).toEqual(['flux.safetensors', 'style.PT']);
});

test('no text that was written for a run is named as a model', () => {
  const song = 'a song about the sea.bin';
  const graph = {
    1: { class_type: 'A', inputs: { ckpt_name: 'flux.safetensors', a: song, text: 'sea.bin' } },
    2: { class_type: 'B', inputs: { said: 'secret.bin', lora_name: 'style.pt', vae: 'own.pt' } },
  };
  const parameters = [
    { name: 'said', type: 'STRING' as const, path: '2.inputs.said' },
    { name: 'style', type: 'STRING' as const, path: '2.inputs.lora_name', enum: ['style.pt'] },
    { name: 'vae', type: 'STRING' as const, path: '2.inputs.vae', default: 'own.pt' },
  ];
  expect(listModels(graph, parameters)).toEqual(['flux.safetensors', 'style.pt', 'own.pt']);
});

test('the seeds that a graph has by itself are named by node and input, those of parameters by these', () => {
  const graph: Graph = {
    4: { class_type: 'KSampler', inputs: { seed: 7, steps: 20 } },
    '57:8': { class_type: 'RandomNoise', inputs: { noise_seed: 8 } },
    9: { class_type: 'KSampler', inputs: { seed: ['4', 0], 'a.seed': 1 } },
    10: { class_type: 'KSampler', inputs: { seed: 9 } },
    11: { class_type: 'KSampler', inputs: { seed: 10 } },
  };
  const parameters = [
    { name: 'luck', type: 'SEED' as const, path: '10.inputs.seed' },
    // What is drawn each time is not what the graph has.
    { name: 'again', type: 'NONCE' as const, path: '11.inputs.seed' },
  ];
  expect(listSeeds(graph, parameters)).toEqual({ '4:seed': 7, '57:8:noise_seed': 8 });
});
