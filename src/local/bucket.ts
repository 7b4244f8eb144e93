import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from './s3.ts';

/** The bucket of media of `npm start`. */
export const LOCAL_BUCKET = 'mixdown-media';

const KEYS = '-keys';
const AUDIT = '-audit';
/** How long objects in the bucket of checkpoints are locked on one machine, in days. */
const LOCKED_DAYS = 30;

/** The bucket of the keys that belongs to a bucket of media. */
export function nameKeyBucket(mediaBucket: string): string {
  return nameBeside(mediaBucket, KEYS);
}

/** The bucket of checkpoints that belongs to a bucket of media. */
export function nameAuditBucket(mediaBucket: string): string {
  return nameBeside(mediaBucket, AUDIT);
}

/** Whether functions are told of what is stored in a bucket: not of keys, nor of checkpoints. */
export function hasNotifications(bucket: string): boolean {
  return !bucket.endsWith(KEYS) && !bucket.endsWith(AUDIT);
}

/**
 * Creates the buckets that do not exist yet: of media, which a browser may upload to by a presigned URL, and of
 * keys and checkpoints, which nobody but the functions reaches.
 * @param onFailure is told of a bucket that cannot be created or set up
 */
export async function createBuckets(
  s3: S3Access,
  mediaBucket: string,
  onFailure = (_bucket: string, error: unknown): void => {
    throw error;
  },
): Promise<void> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, accessKeyId, secretAccessKey } = s3;
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });
  const all: [string, typeof createBucket][] = [
    [nameKeyBucket(mediaBucket), createBucket],
    [nameAuditBucket(mediaBucket), createAuditBucket],
    [mediaBucket, createMediaBucket],
  ];
  try {
    for (const [bucket, create] of all) {
      await create(client, bucket).catch((error: unknown) => onFailure(bucket, error));
    }
  } finally {
    client.destroy();
  }
}

function nameBeside(mediaBucket: string, ending: string): string {
  return mediaBucket.replace(/-media$/, '') + ending;
}

async function createBucket(client: S3Client, Bucket: string, isLocked = false): Promise<void> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const command = new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: isLocked });
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
  });
}

async function createAuditBucket(client: S3Client, Bucket: string): Promise<void> {
  await createBucket(client, Bucket, true);
  const { PutObjectLockConfigurationCommand } = await import('@aws-sdk/client-s3');
  const DefaultRetention = { Mode: 'COMPLIANCE', Days: LOCKED_DAYS } as const;
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention },
  } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}

async function createMediaBucket(client: S3Client, Bucket: string): Promise<void> {
  await createBucket(client, Bucket);
  const { PutBucketCorsCommand } = await import('@aws-sdk/client-s3');
  const rule = {
    AllowedOrigins: ['*'], // a request is authorised by its signature, not by its page
    AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST'],
    AllowedHeaders: ['*'],
    // The completion of a multipart upload needs ETag; a player that requests ranges needs the
    // others.
    ExposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Length', 'Content-Range'],
    MaxAgeSeconds: 3600,
  };
  const CORSConfiguration = { CORSRules: [rule] };
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
}
