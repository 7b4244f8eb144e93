import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBucket } from '../../src/local/bucket.ts';
import type { Deployment } from '../../src/local/cloud.ts';
import { createQueues } from '../../src/local/queue/server.ts';
import type { ToolsInfo } from '../../src/local/tools.ts';
import { startDatabases } from './databases.ts';

/** What a test file has for itself on the shared tools. */
export interface Place {
  /** Migrated, and otherwise empty. */
  database: string;
  /** The address at which the role of the functions signs in. */
  mongodb: string;
  bucket: string;
  /** The variables that carry the URLs of the queues. */
  queues: Record<string, string>;
}

/**
 * Gives each test file that asks a place. Runs beside all of them, in the process of the global setup: it
 * knows which databases are migrated already, and whose process has ended. Buckets and queues cost little
 * and are new each time: no late event or message of another file is in them.
 */
export async function startPlaces(tools: ToolsInfo, deployment: Deployment) {
  const databases = startDatabases(tools.mongodb);

  async function makePlace(pid: number): Promise<Place> {
    const name = `t${randomBytes(6).toString('hex')}`;
    const bucket = `${name}-media`;
    const [lent, queues] = await Promise.all([
      databases.lend(pid),
      createQueues(tools.queue, deployment, name),
      createBucket(tools.s3, bucket),
    ]);
    return { ...lent, bucket, queues };
  }

  const server = createServer(async (request, response) => {
    try {
      const place = await makePlace(await readPid(request));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(place));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.stack : String(error));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await databases.stop();
    },
  };
}

async function readPid(request: IncomingMessage): Promise<number> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return Number(body);
}
