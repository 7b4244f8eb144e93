import type { Context, S3Event, S3EventRecord, SQSEvent, SQSRecord } from 'aws-lambda';

/** What Lambda tells of an invocation, as far as handlers look at it. */
export const invocation = (milliseconds = 900_000): Context =>
  ({ awsRequestId: 'test', getRemainingTimeInMillis: () => milliseconds }) as Context;

/** A record as S3 sends it; the key is url-encoded, a space as a plus. */
export function s3Record(key: string, more: Partial<S3EventRecord> & { sequencer?: string } = {}) {
  const { sequencer = '0055AED6DCD90281E5', ...rest } = more;
  const bucket = process.env.MEDIA_BUCKET as string;
  return {
    eventVersion: '2.6',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventTime: '2026-01-01T00:00:00.000Z',
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: 'AWS:AIDAJDPLRKLG7UEXAMPLE' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'FMyUVURIY8' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'uploads',
      bucket: {
        name: bucket,
        ownerIdentity: { principalId: 'A3NL' },
        arn: `arn:aws:s3:::${bucket}`,
      },
      object: { key, size: 1, eTag: 'd41d8cd98f00b204e9800998ecf8427e', sequencer },
    },
    ...rest,
  } satisfies S3EventRecord;
}

export const s3Event = (...Records: S3EventRecord[]): S3Event => ({ Records });

/** The messages of a queue as Lambda hands them on: `m0`, `m1`… by their ids. */
export const sqsEvent = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map(
    (body, n) => ({ messageId: `m${n}`, body, eventSource: 'aws:sqs' }) as SQSRecord,
  ),
});
