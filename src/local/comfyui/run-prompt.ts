import { computeSignatures } from './cache.ts';
import { createEvents } from './events.ts';
import { isLink, type Json } from './graph.ts';
import type { Host, Life } from './host.ts';
import { findClass } from './nodes/classes.ts';
import { Interrupted, type Made, NodeError } from './nodes/node-class.ts';
import { orderNodes } from './order.ts';
import { createProgress } from './progress.ts';
import type { Entry, Item } from './queue.ts';
import type { Run } from './run.ts';
import { disturbRun } from './run-faults.ts';

/**
 * Runs a prompt as ComfyUI's worker does (execution.py, `execute_async`), and returns what the history
 * is to show. `undefined` if the server was restarted meanwhile.
 */
export async function runPrompt(
  host: Host,
  life: Life,
  item: Item,
): Promise<{ run: Run; ended: Omit<Entry, 'prompt'> } | undefined> {
  const events = createEvents(host, life, item);
  const progress = createProgress(host, life, item, events);
  const run: Run = {
    host,
    life,
    item,
    events,
    progress,
    outputs: {},
    meta: {},
    executed: [],
    isForgotten: false,
  };
  life.interrupted = false;
  life.client = events.client;
  events.note('execution_start', {});
  const signatures = computeSignatures(item.graph, host.files);
  const cache = life.cache;
  // What this prompt does not use is forgotten.
  for (const key of cache.keys()) if (![...signatures.values()].includes(key)) cache.delete(key);
  const isCached = (id: string) => cache.has(signatures.get(id) ?? '');
  events.note('execution_cached', { nodes: Object.keys(item.graph).filter(isCached) });
  const order = orderNodes(item.graph, item.outputs, isCached);

  let id = order.next();
  try {
    for (; id !== undefined; id = order.next()) {
      const signature = signatures.get(id) as string;
      const cached = cache.get(signature);
      if (cached) showCached(run, id, cached);
      else cache.set(signature, await runNode(run, id, collectInputs(run, id, signatures)));
      if (life.isOver) return undefined;
      order.done(id);
    }
    events.note('execution_success', {});
  } catch (error) {
    if (life.isOver) return undefined;
    noteFailure(run, id as string, error);
  }
  life.node = undefined;
  const completed = events.messages.at(-1)?.[0] === 'execution_success';
  const status_str = completed ? 'success' : 'error';
  const status: Entry['status'] = { status_str, completed, messages: events.messages };
  return { run, ended: { outputs: run.outputs, meta: run.meta, status } };
}

async function runNode(run: Run, id: string, inputs: Json): Promise<Made> {
  const { host, life, item, events, progress } = run;
  const node = findClass(item.graph[id]?.class_type ?? '');
  if (!node) throw new NodeError('KeyError', `'${item.graph[id]?.class_type}'`);
  progress.start(id);
  life.node = id;
  events.tell('executing', { node: id, display_node: id, prompt_id: item.id });
  progress.throwIfInterrupted();
  const steps = Math.max(1, node.steps?.(inputs) ?? 1);
  await disturbRun(run, id, host.faults.take('running'));
  const made = await host.settings.clock.work(
    Promise.resolve(
      node.run(inputs, {
        files: host.files,
        graph: item.graph,
        extra: item.extra,
        ffmpeg: host.settings.ffmpeg,
      }),
    ),
  );
  const { [node.name]: own, '*': all = 0 } = host.settings.timings;
  await progress.spend(id, (own ?? all) * 1000, node.steps ? steps : 0, made);
  if (made.ui) {
    show(run, id, made.ui);
    events.tell('executed', { node: id, display_node: id, output: made.ui, prompt_id: item.id });
  }
  progress.finish(id);
  run.executed.push(id);
  return made;
}

// As ComfyUI 0.8.0: without a client, what is cached is not in the outputs.
function showCached(run: Run, id: string, { ui }: Made): void {
  const { events, item, progress } = run;
  if (events.client !== undefined) {
    const output = ui ?? null;
    events.tell('executed', { node: id, display_node: id, output, prompt_id: item.id });
    if (ui) show(run, id, ui);
  }
  progress.finish(id);
}

function show({ outputs, meta }: Run, id: string, ui: Json): void {
  outputs[id] = ui;
  meta[id] = { node_id: id, display_node: id, parent_node: null, real_node_id: id };
}

/** The values of a node's inputs: its own, and what the nodes have made that it takes from. */
function collectInputs({ life, item }: Run, id: string, signatures: Map<string, string>): Json {
  const inputs = Object.entries(item.graph[id]?.inputs ?? {}).map(([name, value]) => {
    if (!isLink(value)) return [name, value];
    return [name, life.cache.get(signatures.get(value[0]) ?? '')?.values[value[1]]];
  });
  return Object.fromEntries(inputs);
}

function noteFailure({ events, item, executed, life }: Run, id: string, error: unknown): void {
  const node = item.graph[id];
  const about = { node_id: id, node_type: node?.class_type, executed };
  if (error instanceof Interrupted) {
    life.interrupted = false;
    events.note('execution_interrupted', about, true);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const values = Object.entries(node?.inputs ?? {}).filter(([, value]) => !isLink(value));
  events.note('execution_error', {
    ...about,
    exception_message: `${message}\n`,
    exception_type: error instanceof NodeError ? error.type : 'RuntimeError',
    traceback: [`  File "nodes.py", line 1, in ${node?.class_type}\n`],
    current_inputs: Object.fromEntries(values.map(([name, value]) => [name, [value]])),
    current_outputs: executed,
  });
}
