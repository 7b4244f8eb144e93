import { fileTypeFromBuffer } from 'file-type';
import { parseBuffer } from 'music-metadata';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { add, makePiano, makeSilence } from '../../../scripts/demo/synth.ts';
import { encodeWav } from '../../../scripts/demo/wav.ts';
import type { Graph } from '../../../src/local/comfyui/graph.ts';
import { startComfyUi } from '../../../src/local/comfyui/start.ts';
import { toStderr } from '../../../src/local/log.ts';
import { ffmpeg } from '../../../src/local/tools/ffmpeg.ts';
import { find } from '../../../src/local/tools/find.ts';
import { shippedWorkflows } from '../../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import { until } from '../../harness/until.ts';

// As `npm start` has it, but faster.
const server = await startComfyUi({
  port: false,
  ffmpeg: await find(ffmpeg, toStderr),
  models: shippedWorkflows.flatMap(({ models }) => models),
});
afterAll(() => server.stop());

const colour = { width: 96, height: 64, channels: 3, background: '#3366cc' } as const;
server.files.write('input', 'picture.png', await sharp({ create: colour }).png().toBuffer());
const mix = makeSilence(3);
for (let n = 0; n < 6; n++) add(mix, makePiano(57 + n, 0.5), n * 0.5, 0.5, 0.4);
server.files.write('input', 'song.mp3', encodeWav(mix, 'Scale', 'Mixdown'));

/** What makes an example small. */
const small: Record<string, unknown> = {
  ...{ width: 256, height: 192, frames: 5, seconds: 2, steps: 3, seed: 7 },
};

function prepare({ graph, parameters, example }: (typeof shippedWorkflows)[number]): Graph {
  const prompt = structuredClone(graph) as Graph;
  for (const { name, path } of parameters) {
    const [node = '', , input = ''] = path.split('.');
    const value = small[name] ?? example[name];
    const inputs = prompt[node]?.inputs;
    if (inputs && value !== undefined) inputs[input] = value;
  }
  return prompt;
}

/** Runs a prompt to its end, and returns its first file. */
async function make(prompt: Graph, node: string): Promise<Buffer> {
  const body = JSON.stringify({ prompt, client_id: 'me' });
  const answered = await server.fetch('http://comfyui/prompt', { method: 'POST', body });
  const { prompt_id } = (await answered.json()) as { prompt_id: string };
  const entry = await until('it has run', async () => {
    const response = await server.fetch(`http://comfyui/history/${prompt_id}`);
    return ((await response.json()) as Record<string, Entry>)[prompt_id];
  });
  expect(entry.status.status_str).toBe('success');
  const [file] = Object.values(entry.outputs[node] ?? {})[0] ?? [];
  const view = await server.fetch(`http://comfyui/view?${new URLSearchParams(file)}`);
  return Buffer.from(await view.arrayBuffer());
}

interface Entry {
  status: { status_str: string };
  outputs: Record<string, Record<string, Record<string, string>[]>>;
}

describe('the stand-in makes a file that decodes', () => {
  test.each(shippedWorkflows)('by "$name"', async (workflow) => {
    const [output] = workflow.outputs;
    const bytes = await make(prepare(workflow), output?.node ?? '');
    if (output?.kind === 'IMAGE') {
      const { entropy } = await sharp(bytes).stats();
      expect(entropy).toBeGreaterThanOrEqual(0);
      return;
    }
    if (output?.kind === 'VIDEO') {
      expect(await fileTypeFromBuffer(bytes)).toMatchObject({ mime: 'video/mp4' });
      expect(bytes.includes('avc1')).toBe(true);
      return;
    }
    const { format } = await parseBuffer(bytes, undefined, { duration: true });
    expect(format.duration).toBeGreaterThan(0.15);
    if (workflow.name === 'Text to song') expect(format.duration).toBeCloseTo(2, 0);
  });
});

test('another seed or text makes another picture, and the same ones the same', async () => {
  const workflow = shippedWorkflows.find(({ name }) => name === 'Cover picture');
  if (!workflow) throw new Error('there is no such workflow');
  const draw = async (seed: number, text: string) => {
    const prompt = prepare(workflow);
    Object.assign(prompt[5]?.inputs ?? {}, { seed });
    Object.assign(prompt[2]?.inputs ?? {}, { text });
    Object.assign(prompt[7]?.inputs ?? {}, { nonce: Math.random() });
    const { data } = await sharp(await make(prompt, '7'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    return data;
  };
  const first = await draw(1, 'a river');
  expect(await draw(1, 'a river')).toEqual(first);
  expect(await draw(2, 'a river')).not.toEqual(first);
  expect(await draw(1, 'a hill')).not.toEqual(first);
});

test('a sampler sends previews, in the form that the client has asked for', async () => {
  const workflow = shippedWorkflows.find(({ name }) => name === 'Cover picture');
  if (!workflow) throw new Error('there is no such workflow');
  const listen = async (asks: boolean) => {
    const frames: Buffer[] = [];
    const send = (frame: string | Uint8Array) => {
      if (typeof frame !== 'string') frames.push(Buffer.from(frame));
    };
    const client = server.connect('me', { send, close: () => {}, fallSilent: () => {} });
    const flags = { type: 'feature_flags', data: { supports_preview_metadata: true } };
    if (asks) client.receive(JSON.stringify(flags));
    const prompt = prepare(workflow);
    Object.assign(prompt[5]?.inputs ?? {}, { seed: asks ? 11 : 12 });
    await make(prompt, '7');
    client.end();
    return frames;
  };
  const [plain] = await listen(false);
  expect([plain?.readUInt32BE(0), plain?.readUInt32BE(4)]).toEqual([1, 1]); // a preview, a JPEG
  expect((await sharp(plain?.subarray(8)).metadata()).format).toBe('jpeg');
  const [described] = await listen(true);
  expect(described?.readUInt32BE(0)).toBe(4);
  const length = described?.readUInt32BE(4) ?? 0;
  const about = JSON.parse(String(described?.subarray(8, 8 + length)));
  expect(about).toMatchObject({ node_id: '5', image_type: 'image/jpeg' });
});
