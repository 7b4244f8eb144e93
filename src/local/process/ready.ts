import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Waits until something accepts connections on the port. @throws Error after `within` ms */
export async function waitForPort(
  port: number,
  within: number,
  signal?: AbortSignal,
): Promise<void> {
  const until = Date.now() + within;
  while (!(await canConnect(port))) {
    signal?.throwIfAborted();
    if (Date.now() > until) throw new Error(`nothing answers on port ${port}`);
    await pause(15);
  }
}

function canConnect(port: number): Promise<boolean> {
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
