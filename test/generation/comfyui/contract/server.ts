import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import type { Graph } from '../../../../src/local/comfyui/graph.ts';
import type { Entry } from '../../../../src/local/comfyui/queue.ts';
import { startComfyUi } from '../../../../src/local/comfyui/start.ts';
import { until } from '../../../harness/until.ts';

/** The address of a real ComfyUI that is tested in place of the stand-in. */
const realUrl = process.env.COMFYUI_URL ?? '';

// Small limits and some time for each node, so that the stand-in is neither slower nor faster than a server.
const standIn = realUrl
  ? undefined
  : await startComfyUi({
      maxUpload: 4 * 1024 * 1024,
      timings: { '*': 0.02 },
      models: [{ file: 'any-x4.safetensors', folder: 'upscale_models' }],
    });
afterAll(() => standIn?.stop());

export const url = realUrl || (standIn?.url as string);

/** Calls the server. What it answers with is read as JSON if it says so. */
export async function call(path: string, init?: RequestInit) {
  const response = await fetch(url + path, { redirect: 'manual', ...init });
  const isJson = response.headers.get('content-type')?.includes('json');
  const bytes = Buffer.from(await response.arrayBuffer());
  // biome-ignore lint/suspicious/noExplicitAny: what the contract is about
  const body: any = isJson ? JSON.parse(bytes.toString()) : undefined;
  return { status: response.status, headers: response.headers, bytes, body };
}

/** Posts JSON. */
export function post(path: string, body?: unknown) {
  const headers = { 'Content-Type': 'application/json' };
  return call(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Submits a prompt under an id of its own, and returns the id. */
export async function submit(prompt: Graph, more: Record<string, unknown> = {}): Promise<string> {
  const prompt_id = randomUUID();
  const { status, body } = await post('/prompt', { prompt, prompt_id, ...more });
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body.prompt_id;
}

/** Waits until a prompt is in the history. */
export function finish(id: string): Promise<Entry> {
  return until(`the history has ${id}`, async () => (await call(`/history/${id}`)).body[id]);
}

/** Uploads an input, and returns the name that the server gave it. */
export async function upload(name: string, bytes: Uint8Array, fields: Record<string, string> = {}) {
  const form = new FormData();
  form.set('image', new File([new Uint8Array(bytes)], name));
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  return call('/upload/image', { method: 'POST', body: form });
}

/** The files that a node has made. */
export function listFiles({ outputs }: Entry, node: string): { filename: string }[] {
  const lists = Object.values(outputs[node] ?? {});
  return (lists[0] as { filename: string }[] | undefined) ?? [];
}

/** Downloads an output. */
export async function view(file: unknown, more: Record<string, string> = {}) {
  const query = new URLSearchParams({ ...(file as Record<string, string>), ...more });
  return call(`/view?${query}`);
}

/** A prompt that makes a picture of one colour, which is new to the server's cache. */
export function drawPicture(values: Record<string, unknown> = {}, nonce = randomUUID()): Graph {
  const inputs = { width: 64, height: 48, batch_size: 1, color: pickColour(), ...values };
  return {
    1: { class_type: 'EmptyImage', inputs },
    2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: `t-${nonce}` } },
  };
}

/** A prompt of many nodes, each of which takes some time on a processor, and little memory. */
export function drawSlowly(nodes = 40): Graph {
  const side = realUrl ? 192 : 16;
  const graph = drawPicture({ width: side, height: side });
  for (let n = 0; n < nodes; n++) {
    const inputs = { image: [n === 0 ? '1' : `b${n - 1}`, 0], blur_radius: 31, sigma: 10 };
    graph[`b${n}`] = { class_type: 'ImageBlur', inputs };
  }
  (graph[2] as Graph[string]).inputs.images = [`b${nodes - 1}`, 0];
  return graph;
}

function pickColour(): number {
  return Math.floor(Math.random() * 0xffffff);
}
