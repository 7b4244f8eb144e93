import type { S3Access } from './s3.ts';

/** Creates a bucket, if it does not exist, that a browser may upload to by a presigned URL. */
export async function createBucket(s3: S3Access, Bucket: string): Promise<void> {
  const { S3Client, CreateBucketCommand, PutBucketCorsCommand } = await import(
    '@aws-sdk/client-s3'
  );
  const { endpoint, accessKeyId, secretAccessKey } = s3;
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
    });
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
  } finally {
    client.destroy();
  }
}
