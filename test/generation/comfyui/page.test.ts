import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAULTS } from '../../../src/local/comfyui/start.ts';
import { shippedWorkflows } from '../../../src/services/generation/comfyui/workflows/shipped-workflows.ts';

const page = readFileSync(new URL('../../../docs/comfyui.md', import.meta.url), 'utf8');

test('docs/comfyui.md names every fault, with what it does', () => {
  for (const [name, { does }] of Object.entries(FAULTS)) {
    expect.soft(page).toContain(`| \`${name}\` | ${does} |`);
  }
});

test('docs/comfyui.md names every workflow, with its price, models and licences', () => {
  for (const { name, creditCost, models } of shippedWorkflows) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} | ${creditCost} |`));
    expect.soft(row, name).toBeDefined();
    for (const { folder, file, licence } of models) {
      expect.soft(row).toContain(`\`${folder}/${file}\``);
      expect.soft(row).toContain(licence);
    }
  }
});

test('every parameter and output of a workflow is in its graph, and every value within its bounds', () => {
  for (const { name, graph, parameters, outputs, example } of shippedWorkflows) {
    for (const { name: parameter, path, default: usual, min, max } of parameters) {
      const [node = '', , input = ''] = path.split('.');
      expect.soft(graph[node]?.inputs, `${name}: ${path}`).toHaveProperty(input);
      for (const value of [usual, example[parameter]].filter((one) => typeof one === 'number')) {
        expect.soft(value).toBeGreaterThanOrEqual(min ?? -Infinity);
        expect.soft(value).toBeLessThanOrEqual(max ?? Infinity);
      }
    }
    const names = new Set(parameters.map((one) => one.name));
    expect.soft(names.size).toBe(parameters.length);
    for (const key of Object.keys(example)) expect.soft([...names]).toContain(key);
    for (const { node } of outputs) expect.soft(graph, name).toHaveProperty(node);
  }
});
