import type { SQSClient } from '@aws-sdk/client-sqs';
import { config } from '../config.ts';

let client: Promise<SQSClient> | undefined;

/** What there is to do is in the database: a message, which may have 1 MiB, is only a hint. */
type Hint = { job: string; queue: string } | { append: true };

/**
 * Sends a message that wakes a worker. The SDK is imported at the first call, because that takes
 * longer than most requests. @throws the SDK's error, after its timeouts
 */
export async function sendMessage(queueUrl: string, hint: Hint, delaySeconds = 0): Promise<void> {
  const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
  client ??= Promise.resolve(
    new SQSClient({
      region: config.region,
      maxAttempts: 2,
      requestHandler: {
        connectionTimeout: 1000,
        requestTimeout: 2000,
        throwOnRequestTimeout: true,
        socketTimeout: 2000,
      },
      ...(config.sqsEndpoint && { endpoint: config.sqsEndpoint }),
    }),
  );
  await (await client).send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(hint),
      DelaySeconds: delaySeconds,
    }),
  );
}
