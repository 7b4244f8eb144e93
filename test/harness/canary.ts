import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Listens where something that calls out would call: TCP and UDP on one port, and a name server's UDP. */
export async function startCanary(port: number, dnsPort: number) {
  const calls: string[] = [];
  const tcp = createServer((socket) => {
    calls.push('tcp');
    socket.on('error', () => undefined); // whoever calls may hang up
    // Not at once: a caller is seen while it waits.
    setTimeout(() => socket.destroy(), 300);
  });
  tcp.listen(port, '127.0.0.1');
  const udp = createSocket('udp4', () => calls.push('udp'));
  udp.bind(port, '127.0.0.1');
  const dns = createSocket('udp4', () => calls.push('dns'));
  dns.bind(dnsPort, '127.0.0.1');
  await Promise.all([tcp, udp, dns].map((server) => once(server, 'listening')));
  return {
    /** What was heard since this was last asked. */
    heard: () => calls.splice(0),
    async stop(): Promise<void> {
      tcp.close();
      for (const socket of [udp, dns]) await new Promise<void>((done) => socket.close(done));
    },
  };
}
