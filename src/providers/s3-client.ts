import type { S3Client } from '@aws-sdk/client-s3';
import { config } from '../config.ts';

/** Imports the SDK at its first use, because that takes longer than most requests. */
export const loadSdk = () => import('@aws-sdk/client-s3');

/**
 * Options for calls that may take S3 minutes, in ms; callers that cannot wait abort with a signal.
 */
export const SLOW_CALL = { requestTimeout: 300_000 };
/** Options for calls with a large body, whose transfer counts: 16 MiB at 280 kB/s. */
export const LARGE_BODY = { requestTimeout: 60_000 };

let clientPromise: Promise<S3Client> | undefined;

/** Gets the client of this process, created at the first call. */
export function getClient(): Promise<S3Client> {
  clientPromise ??= loadSdk().then(
    ({ S3Client }) =>
      new S3Client({
        region: config.region,
        maxAttempts: 3,
        // Otherwise a presigned PUT would include the checksum of an empty body.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: {
          connectionTimeout: 1000,
          // From the call to the response headers. Three attempts fit into the timeout of an HTTP
          // function.
          requestTimeout: 5000,
          throwOnRequestTimeout: true,
          // Without a byte in either direction, also within a response; not below the timeout of
          // UNHURRIED.
          socketTimeout: SLOW_CALL.requestTimeout,
        },
        ...(config.s3Endpoint && { endpoint: config.s3Endpoint, forcePathStyle: true }),
      }),
  );
  return clientPromise;
}

/** The HTTP status of an SDK error, if it has one. */
export function getHttpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
