import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from './s3.ts';

/** The bucket of media of `npm start`. */
export const LOCAL_BUCKET = 'mixdown-media';

/** The bucket of checkpoints that belongs to a bucket of media. */
export function nameAuditBucket(mediaBucket: string): string {
  return `${mediaBucket.replace(/-media$/, '')}${AUDIT}`;
}

/** Whether this is such a bucket: no function follows what is stored in it. */
export function isAuditBucket(bucket: string): boolean {
  return bucket.endsWith(AUDIT);
}

const AUDIT = '-audit';
/** How long objects in it are locked on one machine, in days. */
const LOCKED_DAYS = 30;

/** Creates the bucket of checkpoints, if it does not exist, with Object Lock. */
export async function createAuditBucket(s3: S3Access, Bucket: string): Promise<void> {
  const { CreateBucketCommand, PutObjectLockConfigurationCommand } = await import(
    '@aws-sdk/client-s3'
  );
  await withClient(s3, async (client) => {
    const created = client.send(
      new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }),
    );
    await created.catch(ignoreOwned);
    const DefaultRetention = { Mode: 'COMPLIANCE', Days: LOCKED_DAYS } as const;
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
      }),
    );
  });
}

/** Creates a bucket, if it does not exist, that a browser may upload to by a presigned URL. */
export async function createBucket(s3: S3Access, Bucket: string): Promise<void> {
  const { CreateBucketCommand, PutBucketCorsCommand } = await import('@aws-sdk/client-s3');
  await withClient(s3, async (client) => {
    await client.send(new CreateBucketCommand({ Bucket })).catch(ignoreOwned);
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
  });
}

async function withClient(
  { endpoint, accessKeyId, secretAccessKey }: S3Access,
  work: (client: S3Client) => Promise<void>,
): Promise<void> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });
  await work(client).finally(() => client.destroy());
}

function ignoreOwned(error: unknown): void {
  if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
}
