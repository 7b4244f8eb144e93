import type { Ctx } from '../../../src/context.ts';
import type { UUID } from '../../../src/data/ids.ts';
import { insert, update } from '../../../src/data/write.ts';
import type { SimulatedClock } from '../../../src/local/comfyui/clock.ts';
import { type ComfyUi, startComfyUi } from '../../../src/local/comfyui/start.ts';
import { ComfyUIPod } from '../../../src/models/generation/comfyui/pod.ts';
import { cutOff } from './lives.ts';
import type { Plan } from './plan.ts';

/** An output that a run has left at a pod. */
export interface Saved {
  /** How the execution named it. */
  prefix: string;
  at: number;
  /** How often the pod had lost its memory before. */
  lives: number;
  /** Whether the pod had by then forgotten a run. */
  hasForgotten: boolean;
}

/** A pod that suffers. */
export interface SimulatedPod {
  _id: UUID;
  saved: Saved[];
  restart(seconds: number): void;
  cut(ms: number): Promise<void>;
  drain(isDraining: boolean): Promise<void>;
  /** From now on nothing goes wrong with it any more. */
  heal(): void;
  /** The names of the faults that have happened. */
  happened(): string[];
  /** The ids of what it still has to do. */
  listOpen(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts a pod and registers it. */
export async function startPod(
  ctx: Ctx,
  clock: SimulatedClock,
  { faults, seconds, hasUniqueIds }: Plan['pods'][number],
): Promise<SimulatedPod> {
  const timings = { EmptyImage: seconds / 2, SaveImage: seconds / 2 };
  const server = await startComfyUi({ clock, faults, timings, uniqueIds: hasUniqueIds });
  const { port } = new URL(server.url);
  const pod = { name: 'A pod', baseUrl: server.url, isPrivate: true };
  const { _id } = await insert(ctx, ComfyUIPod, pod);
  let restarts = 0;
  let isHealed = false;
  const { take } = server.faults;
  server.faults.take = (place) => (isHealed ? [] : take(place));
  const restart = (away: number) => {
    restarts++;
    server.restart(away);
  };
  return {
    _id,
    saved: watchOutputs(server, clock, () => restarts),
    restart,
    async cut(ms) {
      cutOff.add(port);
      await clock.sleep(ms);
      cutOff.delete(port);
    },
    async drain(isDraining) {
      await update(ctx, ComfyUIPod, { _id }, { set: { isDraining } }, null);
    },
    heal() {
      isHealed = true;
      cutOff.delete(port);
      // Somebody starts a server anew whose node hangs.
      if (server.faults.happened.some(({ name }) => name === 'stall')) restart(1);
    },
    happened: () => server.faults.happened.map(({ name, at }) => `${name} at ${at}`),
    async listOpen() {
      const answered = await server.fetch(`${server.url}/queue`);
      const { queue_running, queue_pending } = (await answered.json()) as Record<string, unknown[][]>;
      return [...(queue_running ?? []), ...(queue_pending ?? [])].map(([, id]) => String(id));
    },
    stop: async () => {
      await server.stop();
      await ComfyUIPod.collection.deleteOne({ _id });
    },
  };
}

function watchOutputs({ files, faults }: ComfyUi, clock: SimulatedClock, restarts: () => number) {
  const saved: Saved[] = [];
  const { save } = files;
  const count = (name: string) => faults.happened.filter((fault) => fault.name === name).length;
  files.save = (folder, prefix, extension, bytes) => {
    const lives = restarts() + count('restart');
    const at = clock.now();
    if (folder === 'output') saved.push({ prefix, at, lives, hasForgotten: count('forget') > 0 });
    return save(folder, prefix, extension, bytes);
  };
  return saved;
}
