import { randomBytes } from 'node:crypto';
import type { S3EventRecord } from 'aws-lambda';
import { pickAt, readList, readNumber, readText } from '../deployment/shape.ts';

/**
 * Converts the records of a notification from versitygw into the form of S3 itself: versitygw
 * prefixes the name of the event, does not encode the key, quotes the ETag, and restarts its
 * sequencer from 1.
 */
export function normaliseRecords(notification: unknown): S3EventRecord[] {
  return readList(pickAt(notification, 'Records')).map(normalise);
}

function normalise(given: unknown): S3EventRecord {
  const bucket = readText(pickAt(given, 's3', 'bucket', 'name'));
  const object = pickAt(given, 's3', 'object');
  const removed = readText(pickAt(given, 'eventName')).includes('ObjectRemoved');
  const size = readNumber(pickAt(object, 'size'), 0);
  const eTag = readText(pickAt(object, 'eTag')).replaceAll('"', '');
  const principalId = readText(pickAt(given, 'userIdentity', 'PrincipalId'), 'local');
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: readText(pickAt(given, 'awsRegion'), 'us-east-1'),
    eventTime: new Date(readText(pickAt(given, 'eventTime')) || Date.now()).toISOString(),
    eventName: readText(pickAt(given, 'eventName')).replace(/^s3:/, ''),
    userIdentity: { principalId },
    requestParameters: {
      sourceIPAddress: readText(pickAt(given, 'requestParameters', 'sourceIPAddress'), '127.0.0.1'),
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
        key: encodeKey(readText(pickAt(object, 'key'))),
        // S3 sends neither for an object that was removed.
        ...((removed ? {} : { size, eTag }) as { size: number; eTag: string }),
        sequencer: makeSequencer(),
      },
    },
  };
}

/** Encodes a key as S3 does in a notification: form encoding, but for slashes. */
function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

let last = 0n;

// Increases across restarts, as the sequencer of S3 does for one key: microseconds since 1970.
function makeSequencer(): string {
  const now = BigInt(Date.now()) * 1000n;
  last = now > last ? now : last + 1n;
  return last.toString(16).toUpperCase().padStart(18, '0');
}
