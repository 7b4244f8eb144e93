import { randomBytes } from 'node:crypto';
import type { S3EventRecord } from 'aws-lambda';
import { at, list, number, text } from '../deployment/shape.ts';

/**
 * The records of an S3 notification as S3 itself writes them. versitygw prefixes the event's name,
 * leaves the key as it is, quotes the ETag and counts its sequencer from 1 at each start.
 */
export function normaliseRecords(notification: unknown): S3EventRecord[] {
  return list(at(notification, 'Records')).map(normalise);
}

function normalise(given: unknown): S3EventRecord {
  const bucket = text(at(given, 's3', 'bucket', 'name'));
  const object = at(given, 's3', 'object');
  const removed = text(at(given, 'eventName')).includes('ObjectRemoved');
  const size = number(at(object, 'size'), 0);
  const eTag = text(at(object, 'eTag')).replaceAll('"', '');
  const principalId = text(at(given, 'userIdentity', 'PrincipalId'), 'local');
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: text(at(given, 'awsRegion'), 'us-east-1'),
    eventTime: new Date(text(at(given, 'eventTime')) || Date.now()).toISOString(),
    eventName: text(at(given, 'eventName')).replace(/^s3:/, ''),
    userIdentity: { principalId },
    requestParameters: {
      sourceIPAddress: text(at(given, 'requestParameters', 'sourceIPAddress'), '127.0.0.1'),
    },
    responseElements: {
      'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
      'x-amz-id-2': randomBytes(48).toString('base64'),
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'local',
      bucket: { name: bucket, ownerIdentity: { principalId }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: encodeKey(text(at(object, 'key'))),
        // S3 says neither of what is gone.
        ...((removed ? {} : { size, eTag }) as { size: number; eTag: string }),
        sequencer: nextSequencer(),
      },
    },
  };
}

/** A key as S3 puts it into a notification: form encoding, in which a slash stays a slash. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

let last = 0n;

// Rises over restarts, as S3's does for one key: microseconds since 1970.
function nextSequencer(): string {
  const now = BigInt(Date.now()) * 1000n;
  last = now > last ? now : last + 1n;
  return last.toString(16).toUpperCase().padStart(18, '0');
}
