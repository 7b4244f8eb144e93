import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyRepository } from '../../test/harness/copy-repository.ts';
import type { Outcome, Task } from './lane.ts';

/** Longer than any task takes whose tests time out, in ms: its code hangs in a loop. */
const LONGEST = 240_000;
/** How long a process may take to end what it runs, in ms, before it is killed. */
const GRACE = 30_000;

/** Runs tasks in copies of the repository, some at a time. */
export interface Pool {
  /** `HUNG`: its tests did not come to an end, and were killed. */
  run(task: Task): Promise<Outcome | 'HUNG'>;
  stop(): Promise<void>;
}

/** @param dir an empty folder for the copies @param size how many tasks are run at a time */
export async function startPool(dir: string, size: number): Promise<Pool> {
  const free: Lane[] = [];
  const waiting: ((lane: Lane) => void)[] = [];
  const give = (lane: Lane) => (waiting.shift() ?? ((it) => void free.push(it)))(lane);
  const lanes = await Promise.all(
    Array.from({ length: size }, async (_, n) => {
      const copy = join(dir, String(n));
      copyRepository(copy);
      return { copy, child: await startLane(copy) };
    }),
  );
  free.push(...lanes);
  return {
    async run(task) {
      const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
      try {
        const outcome = await ask(lane.child, task);
        if (outcome !== 'HUNG') return outcome;
        await kill(lane.child);
        if (task.edit) await writeFile(join(lane.copy, task.edit.file), task.edit.before);
        lane.child = await startLane(lane.copy);
        return outcome;
      } finally {
        give(lane);
      }
    },
    stop: async () => {
      await Promise.all(lanes.map(({ child }) => kill(child)));
    },
  };
}

interface Lane {
  copy: string;
  child: ChildProcess;
}

async function startLane(copy: string): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./lane.ts', import.meta.url));
  // A group of its own, so that what hangs is killed with it.
  const child = fork(file, [copy], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await nextMessage(child);
  return child;
}

async function ask(child: ChildProcess, task: Task): Promise<Outcome | 'HUNG'> {
  child.send(task);
  const { promise, resolve } = Promise.withResolvers<'HUNG'>();
  const timer = setTimeout(() => resolve('HUNG'), LONGEST);
  try {
    return await Promise.race([nextMessage(child) as Promise<Outcome>, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The process that runs tests has ended with ${code}.`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), exit]);
    return message;
  } finally {
    exit.catch(() => undefined); // it is no longer waited for
    over.abort();
  }
}

/** Ends a lane with all that it has started: what does not end by itself, by force. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), GRACE);
  await exit;
  clearTimeout(timer);
}
