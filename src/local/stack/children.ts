import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../log.ts';
import { type Kept, keep } from '../process/keep.ts';
import { leash } from '../process/leash.ts';
import { noteChild } from '../process/leftovers.ts';
import { cacheDir } from '../tools/cache.ts';

/** How a process of ours is started. */
export type Launch = {
  role: 'gateway' | 'worker' | 'migrate';
  root: string;
  dir: string;
  host: string;
  port: number;
  env: Record<string, string>;
};

/** A process that has begun to import its functions, and waits to be told to open. */
export function launch({ role, root, dir, host, port, env }: Launch): ChildProcess {
  const file = fileURLToPath(new URL('./child.ts', import.meta.url));
  const child = fork(file, [role, root, host, String(port)], {
    // Not in a session of its own: on a busy machine Linux shares its time among sessions, and whoever
    // calls from another would wait for both.
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: join(cacheDir(), 'compile'), ...env },
  });
  leash(child);
  noteChild(join(dir, 'run'), role, child.pid);
  return child;
}

/** Lets a waiting process begin, and resolves once it has. */
export async function open(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended (code ${code})`);
  });
  child.send('open');
  try {
    await Promise.race([answers(child, 'ready'), gone]);
  } finally {
    gone.catch(() => undefined);
  }
}

/** Keeps a process that was launched ahead; one that replaces it is launched from `next()`. */
export function keepChild(first: ChildProcess, next: () => Launch, log: Log): Promise<Kept> {
  let ahead: ChildProcess | undefined = first;
  const { role } = next();
  return keep({
    name: role,
    launch: () => {
      const child = ahead?.connected ? ahead : launch(next());
      ahead = undefined;
      return child;
    },
    ready: open,
    log,
  });
}

function answers(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => message === word && resolve());
  });
}
