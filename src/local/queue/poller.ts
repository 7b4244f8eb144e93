import { setTimeout as pause } from 'node:timers/promises';
import type { SQSEvent } from 'aws-lambda';
import type { DeployedFunction, Deployment, QueueSource } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { createInvoker, type Invoker } from '../invoke/invoker.ts';
import { formatError, formatMessage, type Log, toStderr } from '../log.ts';
import { callSqs } from './client.ts';
import { type Message, makeRecord, readFailures } from './record.ts';

/** Calls the functions that have queues. */
export type Poller = { stop(): Promise<void> };

type Options = {
  deployment: Deployment;
  endpoint: string;
  /** The environment variables that hold the URLs of the queues. */
  env: Record<string, string | undefined>;
  load?: Load;
  log?: Log;
};

/** Passes messages to the functions of their queues, and deletes those that were handled. */
export function startPoller(options: Options): Poller {
  const { deployment, load = importHandler } = options;
  const stopping = new AbortController();
  const loops = deployment.functions.flatMap((fn) => {
    const invoke = createInvoker(fn, load);
    return fn.queues.flatMap((source) =>
      Array.from({ length: source.concurrency }, () =>
        poll(options, fn, source, invoke, stopping.signal),
      ),
    );
  });
  return {
    stop: async () => {
      stopping.abort();
      // A running function gets some time to end, but a long job must not delay the stop: its
      // message is delivered again.
      await Promise.race([Promise.all(loops), pause(3000, undefined, { ref: false })]);
    },
  };
}

async function poll(
  { deployment, endpoint, env, log = toStderr }: Options,
  fn: DeployedFunction,
  source: QueueSource,
  invoke: Invoker,
  signal: AbortSignal,
): Promise<void> {
  const queue = deployment.queues.find(({ id }) => id === source.queue);
  const QueueUrl = queue && env[queue.variable];
  if (!QueueUrl) return log(`${fn.name} has the queue ${source.queue}, which does not exist here`);
  let failures = 0;
  while (!signal.aborted) {
    try {
      await pollOnce(endpoint, QueueUrl, fn, source, invoke, log, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log(`${source.queue} does not answer: ${formatMessage(error)}`);
      failures += 1;
      await pause(Math.min(100 * 2 ** failures, 2000), undefined, { ref: false });
    }
  }
}

async function pollOnce(
  endpoint: string,
  QueueUrl: string,
  fn: DeployedFunction,
  source: QueueSource,
  invoke: Invoker,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const input = {
    QueueUrl,
    MaxNumberOfMessages: Math.min(source.batchSize, 10),
    WaitTimeSeconds: 20,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  };
  const { Messages = [] } = await callSqs<{ Messages?: Message[] }>(
    endpoint,
    'ReceiveMessage',
    input,
    signal,
  );
  if (Messages.length === 0) return;
  const arn = `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)}`;
  const event: SQSEvent = { Records: Messages.map((message) => makeRecord(message, arn)) };
  const failed = await invoke(event).then(
    (answer) =>
      source.partial
        ? readFailures(
            answer,
            Messages.map(({ MessageId }) => MessageId),
          )
        : [],
    (error: unknown) => {
      log(`${fn.name} failed on ${Messages.length} message(s): ${formatError(error)}`);
      return Messages.map(({ MessageId }) => MessageId);
    },
  );
  // Failed messages are delivered again after their visibility timeout.
  const Entries = Messages.filter(({ MessageId }) => !failed.includes(MessageId)).map(
    ({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }),
  );
  if (Entries.length > 0) await callSqs(endpoint, 'DeleteMessageBatch', { QueueUrl, Entries });
}
