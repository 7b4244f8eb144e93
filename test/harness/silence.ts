import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A port that takes every connection, reads what is sent and never answers. */
export async function startSilence() {
  const open = new Set<Socket>();
  const asked: string[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('data', (bytes) => asked.push(String(bytes).split('\r\n')[0] as string));
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** The first line of what was sent over each connection. */
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
