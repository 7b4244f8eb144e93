import type { S3Access } from './s3.ts';

/** Creates a bucket, if it is not there, that a browser may put to with a signed URL. */
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
      AllowedOrigins: ['*'], // the signature decides who may, not the page
      AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST'],
      AllowedHeaders: ['*'],
      // What completing a multipart upload needs, and what a player reads of a range.
      ExposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Length', 'Content-Range'],
      MaxAgeSeconds: 3600,
    };
    const CORSConfiguration = { CORSRules: [rule] };
    await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
  } finally {
    client.destroy();
  }
}
