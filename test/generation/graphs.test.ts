import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/models/generation/comfyui/workflow-graph.ts';
import { checkGraph } from '../../src/services/generation/comfyui/check-graph.ts';
import { convertEditorGraph } from '../../src/services/generation/comfyui/convert-editor.ts';
import { fillGraph } from '../../src/services/generation/comfyui/fill-graph.ts';
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
  expect(listModels(graph)).toEqual(['flux.safetensors', 'style.PT']);
});

test('the seeds that a graph has by itself are named by node and input, those of parameters by these', () => {
  const graph: Graph = {
    4: { class_type: 'KSampler', inputs: { seed: 7, steps: 20 } },
    '57:8': { class_type: 'RandomNoise', inputs: { noise_seed: 8 } },
    9: { class_type: 'KSampler', inputs: { seed: ['4', 0], 'a.seed': 1 } },
    10: { class_type: 'KSampler', inputs: { seed: 9 } },
  };
  const parameters = [{ name: 'luck', type: 'SEED' as const, path: '10.inputs.seed' }];
  expect(listSeeds(graph, parameters)).toEqual({ '4:seed': 7, '57:8:noise_seed': 8 });
});
