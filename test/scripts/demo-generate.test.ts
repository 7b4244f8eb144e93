import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ComfyUi, startComfyUi } from '../../src/local/comfyui/start.ts';
import { usePods } from '../generation/support/drive.ts';
import { api } from '../harness/place.ts';
import { run } from './run.ts';

let server: ComfyUi;
beforeAll(async () => {
  server = await startComfyUi();
  await usePods(server.url);
});
afterAll(() => server.stop());

const generate = (...args: string[]) => run('demo', ['generate', ...args], { API_URL: api });

test('generate makes a picture and a sound, and shows timeline, cost and lineage of each', async () => {
  const { code, stdout, stderr } = await generate();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/Generated +COMPLETED/g)).toHaveLength(2);
  for (const event of ['submitted', 'execution_success', 'collecting', 'stored']) {
    expect(stdout).toMatch(new RegExp(`\\+\\d+\\.\\d\\d s +${event}`));
  }
  expect(stdout).toMatch(/Cost +0 of 0 credits held were spent, 100 are left/);
  expect(stdout).toMatch(/Lineage +node 7 of revision 1, graph [0-9a-f]{12}…/);
  expect(stdout).toMatch(/made from Four Chords/);
  const [picture = '', sound = ''] = [...stdout.matchAll(/File +(\/.+)/g)].map(([, path]) => path);
  expect(await sharp(readFileSync(picture)).metadata()).toMatchObject({ width: 1280, height: 720 });
  expect(sound).toMatch(/\.mp3$/);
  rmSync(dirname(picture), { recursive: true });
}, 120_000);

test('generate takes a workflow by its name, and values for its parameters', async () => {
  const { code, stdout, stderr } = await generate('gradient picture', 'width=64', 'height=48');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, picture = ''] = /File +(\/.+)/.exec(stdout) ?? [];
  expect(await sharp(readFileSync(picture)).metadata()).toMatchObject({ width: 64, height: 48 });
  rmSync(dirname(picture), { recursive: true });
}, 60_000);

test.each([
  [['Nothing'], /^There is no workflow "Nothing"\. There are "Gradient picture", /],
  [['Gradient picture', 'depth=3'], /^depth=3 sets no parameter of "Gradient picture"\.\n$/],
  [['Enlarge a picture', 'picture=/nowhere.png'], /^\/nowhere\.png cannot be read: /],
])('generate %j is refused in one sentence', async (args, sentence) => {
  expect(await generate(...args)).toMatchObject({
    ...{ code: 1, stdout: '', stderr: expect.stringMatching(sentence) },
  });
});
