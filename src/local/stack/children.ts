import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../log.ts';
import { endWithParent } from '../process/end-with-parent.ts';
import { type Kept, keep } from '../process/keep.ts';
import { noteChild } from '../process/leftovers.ts';
import { getCacheDir } from '../tools/cache.ts';

/** How a process of the stack is started. */
export type Launch = {
  role: 'gateway' | 'worker' | 'migrate';
  root: string;
  dir: string;
  host: string;
  port: number;
  env: Record<string, string>;
};

/** Starts a process that imports its functions and then waits for `open()`. */
export function launch({ role, root, dir, host, port, env }: Launch): ChildProcess {
  const file = fileURLToPath(new URL('./child.ts', import.meta.url));
  const child = fork(file, [role, root, host, String(port)], {
    // Not `detached`, that is, not in a session of its own: on a busy machine Linux divides CPU
    // time among sessions, and a caller in another session would wait longer.
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: join(getCacheDir(), 'compile'), ...env },
  });
  endWithParent(child);
  noteChild(join(dir, 'run'), role, child.pid);
  return child;
}

/** Lets a waiting process begin to serve, and resolves once it does. */
export async function open(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended (code ${code})`);
  });
  child.send('open');
  try {
    await Promise.race([waitForMessage(child, 'ready'), gone]);
  } finally {
    gone.catch(() => undefined);
  }
}

/** Keeps a process running that was launched already; a replacement is launched with `next()`. */
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

function waitForMessage(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => message === word && resolve());
  });
}
