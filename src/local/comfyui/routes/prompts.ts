import { randomUUID } from 'node:crypto';
import { complain } from '../complaint.ts';
import { type Graph, isObject } from '../graph.ts';
import { countQueue, type Host } from '../host.ts';
import { disturbAt } from '../run-faults.ts';
import { validatePrompt } from '../validate.ts';
import { answer, answerEmpty, type Routes, readJson } from './route.ts';

// Kept from the history. https://github.com/comfyanonymous/ComfyUI, execution.py
const SECRETS = ['auth_token_comfy_org', 'api_key_comfy_org'];
const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Submitting a prompt, and stopping the one that runs. */
export const prompts: Routes = {
  'GET /prompt': ({ host }) => answer(countQueue(host.life)),
  'POST /prompt': async ({ host, request }) => submit(host, await readJson(request)),
  'POST /interrupt': async ({ host, request }) => {
    const body = await request.json().catch(() => ({})); // without a body: whatever runs
    const id = isObject(body) ? body.prompt_id : undefined;
    const isRunning = host.life.queue.running().some((item) => item.id === id);
    if (!id || isRunning) host.life.interrupted = true;
    return answerEmpty();
  },
  'POST /free': async ({ host, request }) => {
    const { free_memory } = await readJson(request);
    if (free_memory) host.life.cache.clear();
    return answerEmpty();
  },
};

function submit(host: Host, body: Record<string, unknown>): Response {
  const { life, settings } = host;
  const { prompt, prompt_id, client_id, number, front, extra_data } = body;
  let order = Number(number);
  if (number === undefined) {
    order = front ? -life.number : life.number;
    life.number++;
  }
  if (prompt === undefined) {
    const error = complain('no_prompt', 'No prompt provided', 'No prompt provided');
    return answer({ error, node_errors: {} }, 400);
  }
  const id = prompt_id === undefined ? randomUUID() : String(prompt_id);
  if (settings.uniqueIds) {
    if (!CANONICAL_UUID.test(id)) {
      const error = complain('invalid_prompt_id', 'prompt_id must be a valid UUID', id);
      return answer({ error, node_errors: {} }, 400);
    }
    if (isKnown(host, id)) return answer({ error: 'prompt_id already exists' }, 409);
  }
  const graph = prompt as Graph;
  const targets = body.partial_execution_targets as string[] | undefined;
  const verdict = validatePrompt(graph, host.files, targets);
  if ('error' in verdict) {
    return answer({ error: verdict.error, node_errors: verdict.nodeErrors }, 400);
  }
  const extra: Record<string, unknown> = isObject(extra_data) ? { ...extra_data } : {};
  if (client_id !== undefined) extra.client_id = client_id;
  for (const secret of SECRETS) delete extra[secret];
  extra.create_time = settings.clock.now();
  const item = { number: order, id, graph, extra, outputs: verdict.outputs };
  life.queue.put(item);
  disturbAt('queued', host, life, item);
  return answer({ prompt_id: id, number: order, node_errors: verdict.nodeErrors });
}

function isKnown({ life: { queue } }: Host, id: string): boolean {
  const waiting = [...queue.running(), ...queue.pending()];
  return queue.history.has(id) || waiting.some((item) => item.id === id);
}
