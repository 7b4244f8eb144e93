import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { add, makePiano, makeSilence } from '../../../../scripts/demo/synth.ts';
import { encodeWav } from '../../../../scripts/demo/wav.ts';
import type { Graph } from '../../../../src/local/comfyui/graph.ts';
import { shippedWorkflows } from '../../../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import { call, finish, listFiles, post, submit, upload, view } from './server.ts';

const picture = await sharp({
  create: { width: 96, height: 64, channels: 3, background: '#3366cc' },
})
  .png()
  .toBuffer();
const mix = makeSilence(12);
for (let n = 0; n < 24; n++) add(mix, makePiano(57 + (n % 12), 0.5), n * 0.5, 0.5, 0.4);
const song = encodeWav(mix, 'Scale', 'Mixdown');

/** Fills in a workflow: its example, and media that are uploaded. */
async function prepare({ graph, parameters, example }: (typeof shippedWorkflows)[number]) {
  const prompt = structuredClone(graph) as Graph;
  for (const { name, type, path, default: usual } of parameters) {
    const [node = '', , input = ''] = path.split('.');
    const file =
      type === 'IMAGE'
        ? await upload(`${randomUUID()}.png`, picture)
        : type === 'AUDIO'
          ? await upload(`${randomUUID()}.wav`, song)
          : undefined;
    const value = file ? file.body.name : (example[name] ?? usual);
    const inputs = prompt[node]?.inputs;
    if (inputs && value !== undefined) inputs[input] = value;
  }
  return prompt;
}

const withModels = shippedWorkflows.filter(({ models }) => models.length > 0);
const without = shippedWorkflows.filter(({ models }) => models.length === 0);

describe.each(withModels)('the workflow "$name"', (workflow) => {
  test('lacks nothing but the files of its models', async () => {
    const { body: info } = await call('/object_info');
    const prompt = await prepare(workflow);
    for (const { class_type } of Object.values(prompt)) expect(info).toHaveProperty(class_type);
    const { status, body } = await post('/prompt', { prompt });
    if (status === 200) return void (await post('/queue', { clear: true })); // a server that has them
    const errors = Object.values(body.node_errors as Record<string, { errors: unknown[] }>)
      .flatMap((node) => node.errors as { type: string; extra_info: { received_value: string } }[])
      .map(({ type, extra_info }) => [type, extra_info.received_value]);
    const files = workflow.models.map(({ file }) => ['value_not_in_list', file]);
    expect(errors.sort()).toEqual(files.sort());
  });
});

describe.each(without)('the workflow "$name", which needs no model', (workflow) => {
  test('makes what it says', async () => {
    const entry = await finish(await submit(await prepare(workflow)));
    expect(entry.status).toMatchObject({ status_str: 'success' });
    for (const { node, kind } of workflow.outputs) {
      const { bytes } = await view(listFiles(entry, node)[0]);
      if (kind === 'IMAGE') await checkPicture(workflow.name, bytes);
      else checkStream(bytes, kind);
    }
  });
});

async function checkPicture(name: string, bytes: Buffer): Promise<void> {
  const { width, height } = await sharp(bytes).metadata();
  if (name === 'Enlarge a picture') expect([width, height]).toEqual([192, 128]);
  if (name !== 'Gradient picture') return;
  expect([width, height]).toEqual([1280, 720]);
  const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number) => [...data.subarray((360 * 1280 + x) * 3, (360 * 1280 + x) * 3 + 3)];
  expect(distance(at(2), [0x0b, 0x3d, 0x91])).toBeLessThan(12);
  expect(distance(at(1276), [0xfc, 0x3d, 0x21])).toBeLessThan(12);
  expect(at(640)[0]).toBeGreaterThan(0x60); // halfway
  expect(at(640)[0]).toBeLessThan(0xa8);
}

function distance(a: number[], b: number[]): number {
  return Math.max(...a.map((value, n) => Math.abs(value - (b[n] as number))));
}

/** Decodes a video or song, and checks how long it is. */
function checkStream(bytes: Buffer, kind: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const file = join(folder, 'file'); // an MP4 may have its index at the end, so it is no stream
  writeFileSync(file, bytes);
  const decode = (...args: string[]) =>
    execFileSync(process.env.FFMPEG_PATH || 'ffmpeg', ['-v', 'error', '-i', file, ...args, '-'], {
      maxBuffer: 512 * 1024 ** 2,
    });
  const sound = decode('-map', '0:a:0', '-f', 's16le', '-ac', '1', '-ar', '8000');
  if (kind === 'AUDIO') expect(sound.length / 2 / 8000).toBeCloseTo(8, 0); // four seconds, twice
  if (kind === 'VIDEO') {
    const pictures = decode('-map', '0:v:0', '-pix_fmt', 'rgb24', '-f', 'rawvideo');
    expect(pictures.length / (1280 * 720 * 3)).toBe(10);
  }
  rmSync(folder, { recursive: true });
}
