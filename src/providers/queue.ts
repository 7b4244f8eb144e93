import type { SQSClient } from '@aws-sdk/client-sqs';
import { config } from '../config.ts';

let client: Promise<SQSClient> | undefined;

/**
 * Sends a message; a queue is only a doorbell here, so its body is a hint. Loaded where it is used: the
 * SDK costs more to import than most requests take. @throws the SDK's error, after its deadline
 */
export async function ring(queueUrl: string, body: object, delaySeconds = 0): Promise<void> {
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
      MessageBody: JSON.stringify(body),
      DelaySeconds: delaySeconds,
    }),
  );
}
