import { basename } from 'node:path/posix';
import type { Ctx } from '../../../src/context.ts';
import type { UUID } from '../../../src/data/ids.ts';
import { insert, update } from '../../../src/data/write.ts';
import type { SimulatedClock } from '../../../src/local/comfyui/clock.ts';
import { type ComfyUi, type FaultName, startComfyUi } from '../../../src/local/comfyui/start.ts';
import { ComfyUIPod } from '../../../src/models/generation/comfyui/pod.ts';
import { cutOff } from './lives.ts';
import type { Plan } from './plan.ts';

/** An output that a run has left at a pod. */
interface Saved {
  /** How the execution named it. */
  prefix: string;
  at: number;
}

/** A pod that suffers. */
export interface SimulatedPod {
  _id: UUID;
  saved: Saved[];
  /** When it forgot a run, or said that it had not enough memory for one: that may be run again. */
  forgot: number[];
  restart(seconds: number): void;
  cut(ms: number): Promise<void>;
  readonly isDraining: boolean;
  drain(isDraining: boolean): Promise<void>;
  /** From now on nothing goes wrong with it any more. */
  heal(): void;
  /** The ids of what it still has to do. */
  listOpen(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts a pod and registers it. */
export async function startPod(
  ctx: Ctx,
  clock: SimulatedClock,
  { faults, seconds, hasUniqueIds, vramTotal }: Plan['pods'][number],
  note: (fault: string) => void,
): Promise<SimulatedPod> {
  const timings = { EmptyImage: seconds / 2, SaveImage: seconds / 2 };
  const server = await startComfyUi({ clock, faults, timings, uniqueIds: hasUniqueIds });
  const { port } = new URL(server.url);
  const pod = { name: 'A pod', baseUrl: server.url, isPrivate: true, vramTotal };
  const { _id } = await insert(ctx, ComfyUIPod, pod);
  const forgot: number[] = [];
  let isHealed = false;
  let draining = false;
  const { take } = server.faults;
  server.faults.take = (place) => {
    const faults = isHealed ? [] : take(place);
    for (const { name } of faults) note(name);
    if (faults.some(({ name }) => FORGETTING.has(name))) forgot.push(clock.now());
    return faults;
  };
  const restart = (away: number) => {
    forgot.push(clock.now());
    server.restart(away);
  };
  return {
    _id,
    saved: watchOutputs(server, clock),
    forgot,
    restart,
    async cut(ms) {
      cutOff.add(port);
      await clock.sleep(ms);
      cutOff.delete(port);
    },
    get isDraining() {
      return draining;
    },
    async drain(isDraining) {
      draining = isDraining;
      await update(ctx, ComfyUIPod, { _id }, { set: { isDraining } }, null);
    },
    heal() {
      isHealed = true;
      cutOff.delete(port);
      // Somebody starts a server anew whose node hangs.
      if (server.faults.happened.some(({ name }) => name === 'stall')) restart(1);
    },
    async listOpen() {
      const answered = await server.fetch(`${server.url}/queue`).catch(() => undefined);
      // One that is being started anew has nothing to do.
      if (!answered) return [];
      const { queue_running, queue_pending } = (await answered.json()) as Record<
        string,
        unknown[][]
      >;
      return [...(queue_running ?? []), ...(queue_pending ?? [])].map(([, id]) => String(id));
    },
    stop: async () => {
      await server.stop();
      await ComfyUIPod.collection.deleteOne({ _id });
    },
  };
}

const FORGETTING = new Set<FaultName>(['restart', 'forget', 'out-of-memory']);

function watchOutputs({ files }: ComfyUi, clock: SimulatedClock): Saved[] {
  const saved: Saved[] = [];
  const { save } = files;
  files.save = (folder, prefix, extension, bytes) => {
    if (folder === 'output') saved.push({ prefix: basename(prefix), at: clock.now() });
    return save(folder, prefix, extension, bytes);
  };
  return saved;
}
