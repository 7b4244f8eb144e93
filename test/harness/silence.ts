import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port that takes every connection, reads what is sent and never answers. */
export async function startSilence() {
  const open = new Set<Socket>();
  const asked: string[] = [];
  let relayed: number | undefined;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    if (relayed) relay(socket, relayed);
    else socket.once('data', (bytes) => asked.push(String(bytes).split('\r\n')[0] as string));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const disconnect = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    /** The first line of what was sent over each connection. */
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Has the server of another port answer, as long as something is done. */
    async speak(port: number, what: () => Promise<void>) {
      relayed = port;
      await what();
      relayed = undefined;
      disconnect(); // what is asked on from now on goes over a new connection
    },
    stop: () => {
      disconnect();
      server.close();
    },
  };
}

function relay(socket: Socket, port: number): void {
  const other = connect(port, '127.0.0.1');
  other.on('error', () => socket.destroy());
  socket.on('close', () => other.destroy());
  socket.pipe(other).pipe(socket);
}
