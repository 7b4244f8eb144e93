import type { Graph, Json } from './graph.ts';

/** A prompt that waits, runs or has run. */
export interface Item {
  /** The lowest runs first. */
  number: number;
  id: string;
  graph: Graph;
  extra: Json;
  /** The output nodes that passed validation. */
  outputs: string[];
}

/** An event in the history of a prompt, with the time in ms in its data. */
export type Message = [event: string, data: Json];

/** What is known of a prompt that has ended, as `GET /history` shows it. */
export interface Entry {
  prompt: unknown[];
  outputs: Record<string, Json>;
  meta: Record<string, Json>;
  status: { status_str: 'success' | 'error'; completed: boolean; messages: Message[] };
}

/** The queue and the history of a server: both only in memory, as ComfyUI keeps them. */
export interface Queue {
  put(item: Item): void;
  /** Takes the next item, which then counts as running. */
  take(): Item | undefined;
  finish(item: Item, ended: Omit<Entry, 'prompt'>): void;
  running(): Item[];
  /** Those that wait, the next first. */
  pending(): Item[];
  remaining(): number;
  remove(id: string): void;
  clear(): void;
  readonly history: Map<string, Entry>;
}

// https://github.com/comfyanonymous/ComfyUI, execution.py: MAXIMUM_HISTORY_SIZE
const MAX_HISTORY = 10_000;

/** @param changed called after each change of its length */
export function createQueue(changed: () => void): Queue {
  let pending: Item[] = [];
  const running = new Set<Item>();
  const history = new Map<string, Entry>();
  return {
    history,
    put(item) {
      pending.push(item);
      // Stable: of equal numbers, the first that came runs first.
      pending.sort((a, b) => a.number - b.number);
      changed();
    },
    take() {
      const item = pending.shift();
      if (item) {
        running.add(item);
        changed();
      }
      return item;
    },
    finish(item, ended) {
      running.delete(item);
      const oldest = history.keys().next().value;
      if (history.size > MAX_HISTORY && oldest !== undefined) history.delete(oldest);
      history.delete(item.id); // the newer of two with one id is the last in order, too
      history.set(item.id, { prompt: tuple(item), ...ended });
      changed();
    },
    running: () => [...running],
    pending: () => [...pending],
    remaining: () => pending.length + running.size,
    remove(id) {
      const at = pending.findIndex((item) => item.id === id);
      if (at < 0) return;
      pending.splice(at, 1);
      changed();
    },
    clear() {
      pending = [];
      changed();
    },
  };
}

/** A prompt as lists and the history show it. */
export function tuple({ number, id, graph, extra, outputs }: Item): unknown[] {
  return [number, id, graph, extra, outputs];
}
