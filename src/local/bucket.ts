import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from './s3.ts';

/** The bucket of the keys that belong to a bucket of media, as the configuration names it by itself. */
export function nameKeyBucket(mediaBucket: string): string {
  return `${mediaBucket.replace(/-media$/, '')}-keys`;
}

/** Whether a bucket is one of keys. */
export function isKeyBucket(name: string): boolean {
  return name.endsWith('-keys');
}

/**
 * Creates the buckets that do not exist yet: of media, which a browser may upload to by a presigned URL, and of
 * keys, which nobody but the functions reaches.
 */
export async function createBuckets(s3: S3Access, mediaBucket: string): Promise<void> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, accessKeyId, secretAccessKey } = s3;
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    await createBucket(client, nameKeyBucket(mediaBucket));
    await createBucket(client, mediaBucket);
    await allowUploads(client, mediaBucket);
  } finally {
    client.destroy();
  }
}

async function createBucket(client: S3Client, Bucket: string): Promise<void> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  await client.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
  });
}

async function allowUploads(client: S3Client, Bucket: string): Promise<void> {
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
