import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The next message of a child process. @throws Error when it ends without one */
export async function receiveMessage<T>(child: ChildProcess, name: string): Promise<T> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const gone = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${name} ended before it answered.`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), gone]);
    return message as T; // what the child sends is between it and the caller
  } finally {
    gone.catch(() => undefined); // the listener is removed below
    stopped.abort();
  }
}
