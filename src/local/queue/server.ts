import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import type { DeployedQueue, Deployment } from '../deployment/types.ts';
import { sqs } from './client.ts';

/** An SQS in memory. */
export type Queue = { readonly endpoint: string; readonly port: number; stop(): Promise<void> };

/** Starts SQS. What it holds is lost with it: a message is a doorbell, the job is in the database. */
export async function startQueue({ port = 0 }: { port?: number } = {}): Promise<Queue> {
  // Not its own start function, which listens on every address of the machine.
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
 * Creates the queues of a deployment, their names beginning with `prefix`.
 * @returns the variables that carry their URLs: `JobsQueue` → `JOBS_QUEUE_URL`
 */
export async function createQueues(
  endpoint: string,
  { queues }: Deployment,
  prefix: string,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  const arns = new Map<string, string>();
  // The queues that take what failed are pointed to, so they come first.
  for (const queue of [...queues].sort((a, b) => depth(a) - depth(b))) {
    const name = `${prefix}-${queue.id}`;
    const Attributes = { ...queue.attributes, ...redrive(queue, arns) };
    const input = { QueueName: name, Attributes };
    const { QueueUrl } = await sqs<{ QueueUrl: string }>(endpoint, 'CreateQueue', input);
    urls[queue.variable] = QueueUrl;
    arns.set(queue.id, `arn:aws:sqs:us-east-1:000000000000:${name}`);
  }
  return urls;
}

function depth({ deadLetters }: DeployedQueue): number {
  return deadLetters ? 1 : 0;
}

function redrive(
  { deadLetters }: DeployedQueue,
  arns: Map<string, string>,
): { RedrivePolicy?: string } {
  const deadLetterTargetArn = deadLetters && arns.get(deadLetters.queue);
  if (!deadLetterTargetArn) return {};
  return {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: deadLetters.after }),
  };
}
