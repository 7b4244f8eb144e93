import type { SQSRecord, SQSRecordAttributes } from 'aws-lambda';

/** A message as ReceiveMessage returns it. */
export type Message = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, MessageAttribute>;
};

type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string };

/** Converts a message into the record that a function gets; only the names differ. */
export function makeRecord(message: Message, arn: string): SQSRecord {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    // They were requested with `All`, so SQS sends the ones that the type requires.
    attributes: (message.Attributes ?? {}) as unknown as SQSRecordAttributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
        name,
        {
          dataType: attribute.DataType as 'String',
          ...(attribute.StringValue !== undefined ? { stringValue: attribute.StringValue } : {}),
          ...(attribute.BinaryValue !== undefined ? { binaryValue: attribute.BinaryValue } : {}),
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: 'us-east-1',
  };
}

/**
 * Reads from the answer of a function which messages of the batch have failed. An answer that
 * cannot be understood fails them all, as in AWS.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function readFailures(answer: unknown, ids: string[]): string[] {
  if (typeof answer !== 'object' || answer === null) return [];
  if (!('batchItemFailures' in answer)) return [];
  const failures: unknown = answer.batchItemFailures;
  if (failures === null) return [];
  if (!Array.isArray(failures)) return ids;
  const named = failures.map((item: { itemIdentifier?: unknown } | null) => item?.itemIdentifier);
  const known = named.filter((id): id is string => typeof id === 'string' && ids.includes(id));
  return known.length === named.length ? known : ids;
}
