import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A port that takes every connection, reads what is sent and never answers. While it has somebody to pass
 * connections on to, it does that.
 */
export async function startSilence() {
  const open = new Set<Socket>();
  const asked: string[] = [];
  let answers: URL | undefined;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    if (answers) passOn(socket, answers);
    else socket.once('data', (bytes) => asked.push(String(bytes).split('\r\n')[0] as string));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hangUp = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    /** The first line of what was sent over each connection that got no answer. */
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** From now on who connects is answered from there. */
    passTo: (url: string) => {
      answers = new URL(url);
    },
    /** From now on nobody is answered. */
    fall: () => {
      answers = undefined;
      hangUp();
    },
    stop: () => {
      hangUp();
      server.close();
    },
  };
}

function passOn(socket: Socket, { hostname, port }: URL): void {
  const other = connect(Number(port), hostname);
  socket.pipe(other).pipe(socket);
  other.on('error', () => socket.destroy());
  socket.on('close', () => other.destroy());
}
