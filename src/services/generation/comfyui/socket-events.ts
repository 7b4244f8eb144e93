import { isNode, readObject } from './protocol.ts';
import { readText } from './read-text.ts';

/** What a pod tells of a run over its websocket, as far as it is used. */
export type RunEvent =
  /** Nodes that have finished, and how far the one that runs is, 0 to 1. */
  | { is: 'PROGRESS'; finished: string[]; node?: string; share?: number }
  | { is: 'NODE'; node: string }
  /** It is about to end: its history is written next. */
  | { is: 'ENDING' }
  /** It has ended, one way or another: its history says how. */
  | { is: 'ENDED' }
  | { is: 'PREVIEW'; contentType: 'image/jpeg' | 'image/png'; bytes: Buffer };

/** Reads a message of the websocket; null of what tells nothing of this run. */
export function readEvent(message: Buffer, isBinary: boolean, promptId: string): RunEvent | null {
  if (isBinary) return readPreview(message, promptId);
  const { type, data: about } = parse(message);
  const data = readObject(about);
  if (data.prompt_id !== promptId) return null;
  // What is no id of a node might be anything that the run was given: it is not kept.
  const node = isNode(data.node) ? data.node : undefined;
  switch (type) {
    case 'execution_success':
    case 'execution_error':
    case 'execution_interrupted':
      return { is: 'ENDING' };
    case 'executing':
      if (typeof data.node !== 'string') return { is: 'ENDED' };
      return node === undefined ? null : { is: 'NODE', node };
    case 'execution_cached':
      return { is: 'PROGRESS', finished: readNames(data.nodes) };
    case 'executed':
      return node === undefined ? null : { is: 'PROGRESS', finished: [node] };
    case 'progress':
      return { is: 'PROGRESS', finished: [], ...(node && { node }), share: readShare(data) };
    case 'progress_state':
      return readStates(readObject(data.nodes));
    default:
      return null;
  }
}

/** The largest text that is parsed, in bytes: the states of a graph of ten thousand nodes. */
const MOST_TEXT = 2 * 1024 * 1024;

function parse(message: Buffer): Record<string, unknown> {
  if (message.length > MOST_TEXT) return {};
  try {
    return readObject(JSON.parse(message.toString('utf8')));
  } catch {
    return {}; // no event
  }
}

const readNames = (names: unknown): string[] =>
  Array.isArray(names) ? names.slice(0, 1000).map(readText).filter(isNode) : [];

function readShare({ value, max }: Record<string, unknown>): number {
  const share = typeof value === 'number' && typeof max === 'number' ? value / max : 0;
  return Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : 0;
}

function readStates(nodes: Record<string, unknown>): RunEvent {
  const states = Object.entries(nodes).map(([node, state]) => [node, readObject(state)] as const);
  const running = states.find(([, { state }]) => state === 'running');
  return {
    is: 'PROGRESS',
    finished: readNames(states.filter(([, { state }]) => state === 'finished').map(([id]) => id)),
    ...(running && isNode(running[0]) && { node: running[0], share: readShare(running[1]) }),
  };
}

const [PREVIEW, PREVIEW_WITH_METADATA] = [1, 4];
const MOST_PREVIEW = 2 * 1024 * 1024;

/** A picture of a run that is under way; what is no JPEG or PNG is none. */
function readPreview(frame: Buffer, promptId: string): RunEvent | null {
  if (frame.length < 12) return null;
  const kind = frame.readUInt32BE(0);
  const length = frame.readUInt32BE(4);
  let bytes: Buffer;
  if (kind === PREVIEW) bytes = frame.subarray(8);
  else if (kind === PREVIEW_WITH_METADATA) {
    if (parse(frame.subarray(8, 8 + length)).prompt_id !== promptId) return null;
    bytes = frame.subarray(8 + length);
  } else return null;
  if (bytes.length < 8 || bytes.length > MOST_PREVIEW) return null;
  if (bytes.readUInt16BE(0) === 0xffd8) return { is: 'PREVIEW', contentType: 'image/jpeg', bytes };
  const isPng = bytes.toString('latin1', 0, 4) === '\x89PNG';
  return isPng ? { is: 'PREVIEW', contentType: 'image/png', bytes } : null;
}
