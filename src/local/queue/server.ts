import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import type { DeployedQueue, Deployment } from '../deployment/types.ts';
import { callSqs } from './client.ts';

/** An in-memory SQS server. */
export type Queue = { readonly endpoint: string; readonly port: number; stop(): Promise<void> };

/**
 * Starts an in-memory SQS server. Lost messages do no harm: a message only wakes a worker, the job
 * is in the database.
 */
export async function startQueue({ port = 0 }: { port?: number } = {}): Promise<Queue> {
  // The start function of fauxqs listens on all addresses of the machine, so it is not used.
  const app = buildApp({ logger: false, defaultRegion: 'us-east-1' });
  await app.listen({ host: 'localhost', port });
  const { port: bound } = app.server.address() as AddressInfo; // it listens on TCP
  return {
    endpoint: `http://localhost:${bound}`,
    port: bound,
    stop: async () => {
      await app.close();
    },
  };
}

/**
 * Creates the queues of a deployment, with names that begin with `prefix`.
 * @returns the environment variables with their URLs: `JobsQueue` → `JOBS_QUEUE_URL`
 */
export async function createQueues(
  endpoint: string,
  { queues }: Deployment,
  prefix: string,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  const arns = new Map<string, string>();
  // Dead-letter queues come first, because the others refer to them.
  for (const queue of [...queues].sort((a, b) => countDepth(a) - countDepth(b))) {
    const name = `${prefix}-${queue.id}`;
    const Attributes = { ...queue.attributes, ...makeRedrivePolicy(queue, arns) };
    const input = { QueueName: name, Attributes };
    const { QueueUrl } = await callSqs<{ QueueUrl: string }>(endpoint, 'CreateQueue', input);
    urls[queue.variable] = QueueUrl;
    arns.set(queue.id, `arn:aws:sqs:us-east-1:000000000000:${name}`);
  }
  return urls;
}

function countDepth({ deadLetters }: DeployedQueue): number {
  return deadLetters ? 1 : 0;
}

function makeRedrivePolicy(
  { deadLetters }: DeployedQueue,
  arns: Map<string, string>,
): { RedrivePolicy?: string } {
  const deadLetterTargetArn = deadLetters && arns.get(deadLetters.queue);
  if (!deadLetterTargetArn) return {};
  return {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: deadLetters.after }),
  };
}
