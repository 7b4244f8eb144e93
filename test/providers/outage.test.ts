import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isUnavailable } from '../../src/providers/outage.ts';

let status = 500;
const server = createServer((_, response) => response.writeHead(status).end());
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

async function errorOf(port = (server.address() as AddressInfo).port): Promise<unknown> {
  const s3 = new S3Client({
    ...{ region: 'us-east-1', maxAttempts: 1, forcePathStyle: true },
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  return s3.send(new HeadBucketCommand({ Bucket: 'media' })).catch((error: unknown) => error);
}

test.each([500, 503])('a service that answers %i counts as unavailable', async (answered) => {
  status = answered;
  expect(isUnavailable(await errorOf())).toBe(true);
});

test('a service that cannot be reached counts as unavailable', async () => {
  expect(isUnavailable(await errorOf(1))).toBe(true);
});

test.each([400, 403, 404])(
  'what a service refuses with %i is no fault of its own',
  async (answered) => {
    status = answered;
    expect(isUnavailable(await errorOf())).toBe(false);
  },
);

test('an error in our own code does not count as an outage of a service', () => {
  expect(isUnavailable(Object.assign(new Error('no'), { code: 'ECONNRESET' }))).toBe(false);
});
