import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ToolsInfo } from '../src/local/cloud.ts';
import { endWithParent } from '../src/local/process/end-with-parent.ts';
import { end } from '../src/local/process/keep.ts';
import type { Size } from './dataset.ts';
import type { makeEvent } from './event.ts';
import type { Sent } from './load.ts';
import { receiveMessage } from './messages.ts';
import type { Server } from './server.ts';
import type { Question, Started } from './servers/checkout.ts';

/**
 * The gateway of a checkout of this repository, with what its packaged functions need to start
 * beside it.
 */
export interface Checkout extends Server {
  root: string;
  /** A folder for its files. */
  dir: string;
  env: NodeJS.ProcessEnv;
  /** A read of one project, signed in, for a packaged function. */
  readProject(): Promise<Parameters<typeof makeEvent>[0]>;
}

/**
 * Starts the gateway of the checkout in `root` by that checkout's own code, in a process of its
 * own, on a database of its own. It needs the checkout's node_modules, and `startOurs()` in its
 * `bench/ours.ts`.
 */
export async function startCheckout(options: {
  root: string;
  name: string;
  dir: string;
  tools: ToolsInfo;
  size: Size;
}): Promise<Checkout> {
  const { root, name, dir } = options;
  const file = fileURLToPath(new URL('./servers/checkout.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(options)], { cwd: root });
  endWithParent(child);
  const { base, pid, env } = await receiveMessage<Started>(child, name);
  const ask = <T>(question: Question) => askChild<T>(child, name, question);
  return {
    ...{ name, root, dir, base, pid, env },
    requests: ({ name }, count) => ask<Sent[]>({ method: 'requests', work: name, count }),
    readProject: () => ask({ method: 'readProject' }),
    clear: () => ask({ method: 'clear' }),
    stop: async () => {
      await ask({ method: 'stop' });
      await end(child, 5000);
    },
  };
}

async function askChild<T>(child: ChildProcess, name: string, question: Question): Promise<T> {
  child.send(question);
  const { answer, error } = await receiveMessage<{ answer: T; error?: string }>(child, name);
  if (error) throw new Error(`${name}: ${error}`);
  return answer;
}
