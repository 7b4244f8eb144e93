import type { Events } from './events.ts';
import type { Json } from './graph.ts';
import type { Host, Life } from './host.ts';
import { Interrupted, type Made } from './nodes/node-class.ts';
import { encodePreview } from './nodes/picture.ts';
import type { Item } from './queue.ts';
import { framePreview } from './sockets.ts';

/** How far the nodes of a running prompt are. */
export interface Progress {
  start(id: string): void;
  /** Lets the time of a node pass, step by step, with a preview of what it makes. */
  spend(id: string, ms: number, steps: number, made: Made): Promise<void>;
  finish(id: string): void;
  /** @throws Interrupted if the prompt was interrupted, or the server restarted */
  throwIfInterrupted(): void;
}

export function createProgress(
  { settings: { clock } }: Host,
  life: Life,
  { id: prompt_id }: Item,
  events: Events,
): Progress {
  const nodes: Record<string, Json> = {};

  function tell(id: string, state: string, value: number, max: number): void {
    nodes[id] = {
      value,
      max,
      state,
      node_id: id,
      prompt_id,
      display_node_id: id,
      parent_node_id: null,
      real_node_id: id,
    };
    events.tellProgress('progress_state', { prompt_id, nodes });
  }

  function throwIfInterrupted(): void {
    if (life.interrupted || life.isOver) throw new Interrupted();
  }

  async function sendPreview(id: string, { preview }: Made): Promise<void> {
    if (!preview) return;
    const jpeg = await clock.work(encodePreview(preview));
    const about = { node_id: id, display_node_id: id, parent_node_id: null, real_node_id: id };
    const knowsMeta = life.sockets.supportsMetadata(events.client);
    const meta = knowsMeta ? { ...about, prompt_id } : undefined;
    events.tellBytes(framePreview(jpeg, 'image/jpeg', meta));
  }

  return {
    throwIfInterrupted,
    start: (id) => tell(id, 'running', 0, 1),
    async spend(id, ms, steps, made) {
      if (steps === 0 && ms > 0) await clock.sleep(ms);
      for (let step = 1; step <= steps; step++) {
        if (ms > 0) await clock.sleep(ms / steps);
        throwIfInterrupted();
        tell(id, 'running', step, steps);
        events.tellProgress('progress', { value: step, max: steps, prompt_id, node: id });
        await sendPreview(id, made);
      }
    },
    finish(id) {
      const max = Number(nodes[id]?.max ?? 1);
      tell(id, 'finished', max, max);
    },
  };
}
