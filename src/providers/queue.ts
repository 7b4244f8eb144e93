import type { SQSClient } from '@aws-sdk/client-sqs';
import { config } from '../config.ts';

let client: Promise<SQSClient> | undefined;

/**
 * Sends a message that wakes a worker; its body is only a hint. The SDK is imported at the first
 * call, because that takes longer than most requests. @throws the SDK's error, after its timeouts
 */
export async function sendMessage(queueUrl: string, body: object, delaySeconds = 0): Promise<void> {
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
