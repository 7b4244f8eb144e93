import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Resolves once something accepts connections on the port; rejects when the time is over. */
export async function accepts(port: number, within: number, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + within;
  while (!(await knocks(port))) {
    signal?.throwIfAborted();
    if (Date.now() > until) throw new Error(`nothing answers on port ${port}`);
    await pause(15);
  }
}

function knocks(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', settle(true));
    socket.once('error', settle(false));
  });
}
