import { expect, test } from 'vitest';
import { presign } from '../../src/providers/presign.ts';

test('a link is signed as in the example of the S3 documentation', () => {
  const url = presign({
    method: 'GET',
    origin: 'https://examplebucket.s3.amazonaws.com',
    path: '/test.txt',
    region: 'us-east-1',
    credentials: {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    seconds: 86_400,
    now: Date.UTC(2013, 4, 24),
  });
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  const signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
  expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(signature);
});
