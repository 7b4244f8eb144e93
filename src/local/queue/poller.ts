import { setTimeout as pause } from 'node:timers/promises';
import type { SQSEvent } from 'aws-lambda';
import type { DeployedFunction, Deployment, QueueSource } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { type Invoker, invoker } from '../invoke/invoker.ts';
import { type Log, sentenceOf, textOf, toStderr } from '../log.ts';
import { sqs } from './client.ts';
import { failedOf, type Message, toRecord } from './record.ts';

/** The functions that queues wake. */
export type Poller = { stop(): Promise<void> };

type Options = {
  deployment: Deployment;
  endpoint: string;
  /** The variables that carry the queues' URLs. */
  env: Record<string, string | undefined>;
  load?: Load;
  log?: Log;
};

/** Hands messages to the functions of their queues, and deletes those that did not fail. */
export function startPoller(options: Options): Poller {
  const { deployment, load = importHandler } = options;
  const stopping = new AbortController();
  const loops = deployment.functions.flatMap((fn) => {
    const invoke = invoker(fn, load);
    return fn.queues.flatMap((source) =>
      Array.from({ length: source.concurrency }, () =>
        poll(options, fn, source, invoke, stopping.signal),
      ),
    );
  });
  return {
    stop: async () => {
      stopping.abort();
      // A function at work gets the time to answer, but a stop must not wait for a long job: its
      // message comes again.
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
  if (!QueueUrl) return log(`${fn.name} waits for ${source.queue}, which does not exist here`);
  let failures = 0;
  while (!signal.aborted) {
    try {
      await pollOnce(endpoint, QueueUrl, fn, source, invoke, log, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log(`${source.queue} does not answer: ${sentenceOf(error)}`);
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
  const { Messages = [] } = await sqs<{ Messages?: Message[] }>(
    endpoint,
    'ReceiveMessage',
    input,
    signal,
  );
  if (Messages.length === 0) return;
  const arn = `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)}`;
  const event: SQSEvent = { Records: Messages.map((message) => toRecord(message, arn)) };
  const failed = await invoke(event).then(
    (answer) =>
      source.partial
        ? failedOf(
            answer,
            Messages.map(({ MessageId }) => MessageId),
          )
        : [],
    (error: unknown) => {
      log(`${fn.name} failed on ${Messages.length} message(s): ${textOf(error)}`);
      return Messages.map(({ MessageId }) => MessageId);
    },
  );
  // Those that failed come again when their visibility timeout ends.
  const Entries = Messages.filter(({ MessageId }) => !failed.includes(MessageId)).map(
    ({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }),
  );
  if (Entries.length > 0) await sqs(endpoint, 'DeleteMessageBatch', { QueueUrl, Entries });
}
