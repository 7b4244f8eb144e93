import type { IncomingMessage } from 'node:http';
import type { Graph } from '../../../models/generation/comfyui/workflow-graph.ts';
import { callPod, openPod, type PodAddress, PodFailure } from './call-pod.ts';
import { readText } from './read-text.ts';

// What ComfyUI's server understands. Everything it answers is judged before it is used: a pod may be anybody's.

/** The errors of nodes, as ComfyUI names them. */
export type NodeErrors = Record<string, unknown>;

export type Submitted =
  | { is: 'ACCEPTED'; nodeErrors: NodeErrors }
  /** It has it already, by an earlier request. */
  | { is: 'KNOWN' }
  | { is: 'REFUSED'; message: string; nodeErrors: NodeErrors };

/** Gives a graph to a pod, under an id of our own. @throws PodFailure */
export async function submitPrompt(
  pod: PodAddress,
  { promptId, graph, clientId }: { promptId: string; graph: Graph; clientId: string },
  signal: AbortSignal,
): Promise<Submitted> {
  const json = { prompt: graph, prompt_id: promptId, client_id: clientId };
  const call = { method: 'POST', path: '/prompt', json, signal, answers: [400, 409] } as const;
  const { status, body } = await callPod(pod, call);
  if (status === 409) return { is: 'KNOWN' };
  const answer = readObject(body);
  const nodeErrors = readObject(answer.node_errors);
  if (status === 400) {
    const error = readObject(answer.error);
    const said = readText(answer.error) || readText(error.type) || 'no reason';
    return { is: 'REFUSED', message: clip(said, 120), nodeErrors };
  }
  if (answer.prompt_id !== promptId) {
    // A server that does not take ids of ours: what it runs could not be found again.
    return { is: 'REFUSED', message: 'it takes no prompt_id', nodeErrors };
  }
  return { is: 'ACCEPTED', nodeErrors };
}

/** What a pod has to do. */
export interface PodQueue {
  running: string[];
  /** In the order in which they run. */
  pending: string[];
}

export async function readQueue(pod: PodAddress, signal: AbortSignal): Promise<PodQueue> {
  const { body } = await callPod(pod, { path: '/queue', signal });
  const answer = readObject(body);
  if (!Array.isArray(answer.queue_running) || !Array.isArray(answer.queue_pending)) {
    throw new PodFailure('The pod answered /queue with something else.', true, 200);
  }
  const idOf = (item: unknown) => (Array.isArray(item) ? readText(item[1]) : '');
  const byNumber = (a: unknown, b: unknown) => numberOf(a) - numberOf(b);
  return {
    running: answer.queue_running.map(idOf),
    pending: answer.queue_pending.toSorted(byNumber).map(idOf),
  };
}

function numberOf(item: unknown): number {
  const [number] = Array.isArray(item) ? item : [];
  return typeof number === 'number' ? number : 0;
}

/** A file that a run has left at its pod. */
export interface PodFile {
  node: string;
  fileName: string;
  subfolder: string;
}

/** How a run ended, by the history of its pod. */
export interface Ended {
  is: 'SUCCESS' | 'ERROR' | 'INTERRUPTED';
  files: PodFile[];
  error?: { type: string; message: string; node?: string };
  /** What happened, in order. */
  messages: { event: string; at?: number; data: Record<string, unknown> }[];
}

/** How a run ended; null while it has not, and where it is not known. */
export async function readHistory(
  pod: PodAddress,
  promptId: string,
  signal: AbortSignal,
): Promise<Ended | null> {
  const { body } = await callPod(pod, { path: `/history/${promptId}`, signal });
  const entry = readObject(readObject(body)[promptId]);
  const status = readObject(entry.status);
  if (typeof status.status_str !== 'string') return null;
  const messages = readMessages(status.messages);
  const isInterrupted = messages.some(({ event }) => event === 'execution_interrupted');
  const failed = messages.findLast(({ event }) => event === 'execution_error')?.data;
  if (status.status_str === 'success') {
    return { is: 'SUCCESS', files: listFiles(entry.outputs), messages };
  }
  return {
    is: isInterrupted ? 'INTERRUPTED' : 'ERROR',
    files: [],
    messages,
    ...(failed && {
      error: {
        type: clip(readText(failed.exception_type), 200),
        message: clip(readText(failed.exception_message), 800),
        ...(isNode(failed.node_id) && { node: failed.node_id }),
      },
    }),
  };
}

/** The most events of a run that are read. */
const MOST_MESSAGES = 1000;
/** The last moment that a date in JSON can tell, in ms: the end of the year 9999. */
const LAST_MOMENT = 253_402_300_799_999;

function readMessages(messages: unknown): Ended['messages'] {
  if (!Array.isArray(messages)) return [];
  return messages.slice(0, MOST_MESSAGES).flatMap((message) => {
    if (!Array.isArray(message) || typeof message[0] !== 'string') return [];
    const data = readObject(message[1]);
    const at = data.timestamp;
    const isMoment = typeof at === 'number' && at > 0 && at <= LAST_MOMENT;
    return [{ event: clip(message[0], 64), ...(isMoment && { at }), data }];
  });
}

/** Files that are kept: those of type `output`. Previews are of type `temp`. */
function listFiles(outputs: unknown): PodFile[] {
  return Object.entries(readObject(outputs)).flatMap(([node, kinds]) =>
    Object.values(readObject(kinds)).flatMap((files) =>
      (Array.isArray(files) ? files : []).flatMap((file): PodFile[] => {
        const { filename, subfolder, type } = readObject(file);
        if (type !== 'output' || typeof filename !== 'string' || filename === '') return [];
        const folder = typeof subfolder === 'string' ? subfolder : '';
        if (filename.length > 1024 || folder.length > 1024) return [];
        return [{ node: clip(node, 64), fileName: filename, subfolder: folder }];
      }),
    ),
  );
}

/** Opens a file of a run. @throws PodFailure; where there is none, of status 404 */
export function openFile(
  pod: PodAddress,
  { fileName, subfolder }: Omit<PodFile, 'node'>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const query = new URLSearchParams({ filename: fileName, subfolder, type: 'output' });
  return openPod(pod, { path: `/view?${query}`, signal });
}

/** Takes a run out of the queue; what runs already goes on. */
export async function removePending(
  pod: PodAddress,
  promptId: string,
  signal: AbortSignal,
): Promise<void> {
  await callPod(pod, { method: 'POST', path: '/queue', json: { delete: [promptId] }, signal });
}

/**
 * Takes a run out of the queue, or stops it while it runs: this one and no other. Answers whether it ran: then it
 * ends at its next step.
 */
export async function stopPrompt(
  pod: PodAddress,
  promptId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const post = { method: 'POST', signal } as const;
  await removePending(pod, promptId, signal);
  // Servers of 2024 would stop whatever runs: so only where it is this one.
  const { running } = await readQueue(pod, signal);
  if (!running.includes(promptId)) return false;
  await callPod(pod, { ...post, path: '/interrupt', json: { prompt_id: promptId } });
  return true;
}

/** The server, and the memory of its devices. */
export interface PodStats {
  version?: string;
  ramFree?: number;
  devices: { name: string; vramTotal: number; vramFree: number }[];
}

export async function readStats(pod: PodAddress, signal: AbortSignal): Promise<PodStats> {
  const { body } = await callPod(pod, { path: '/system_stats', signal });
  const { system, devices } = readObject(body);
  const { comfyui_version: version, ram_free: ramFree } = readObject(system);
  return {
    ...(typeof version === 'string' && { version: clip(version, 64) }),
    ...(isSize(ramFree) && { ramFree }),
    devices: (Array.isArray(devices) ? devices : []).slice(0, 16).map((device) => {
      const { name, vram_total: total, vram_free: free } = readObject(device);
      return {
        name: clip(readText(name), 120),
        vramTotal: isSize(total) ? total : 0,
        vramFree: isSize(free) ? free : 0,
      };
    }),
  };
}

/** The most bytes that a pod says it takes; infinite where it says nothing, as servers of 2024. */
export async function readUploadLimit(pod: PodAddress, signal: AbortSignal): Promise<number> {
  const { body } = await callPod(pod, { path: '/features', signal, answers: [404] });
  const { max_upload_size: most } = readObject(body);
  return isSize(most) ? most : Number.POSITIVE_INFINITY;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Custom nodes have many classes, and each loader names all the files of its models. */
const MOST_OBJECT_INFO = { bytes: 64 * 1024 * 1024, values: 3_000_000 };

/** The nodes of a pod, with their inputs. */
export async function readObjectInfo(
  pod: PodAddress,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const call = { path: '/object_info', signal, deadline: 60_000, most: MOST_OBJECT_INFO };
  const { body } = await callPod(pod, call);
  return readObject(body);
}

export function readObject(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

/** Whether it looks like the id of a node. */
export function isNode(id: unknown): id is string {
  return typeof id === 'string' && /^[\w:.-]{1,64}$/.test(id);
}

/** What a pod says, as far as it is kept. */
function clip(text: string, most: number): string {
  return text.replaceAll('\0', '').toWellFormed().slice(0, most).toWellFormed();
}
