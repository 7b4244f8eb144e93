import { vi } from 'vitest';

// S3 and the queue are taken to be away: both take connections, and say nothing.
const { s3, queue } = await vi.hoisted(async () => {
  const { startSilence } = await import('../harness/silence.ts');
  const [s3, queue] = await Promise.all([startSilence(), startSilence()]);
  process.env.TEST_S3_ENDPOINT = s3.url;
  process.env.TEST_SQS_ENDPOINT = queue.url;
  return { s3, queue };
});

import '../harness/place.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { completeMultipart } from '../../src/providers/multipart.ts';
import { sendMessage } from '../../src/providers/queue.ts';
import { headObject } from '../../src/providers/s3.ts';
import { loadSdk } from '../../src/providers/s3-client.ts';
import { given, type Person } from '../harness/given.ts';

let alice: Person;

beforeAll(async () => {
  await loadSdk(); // importing it takes a while
  // Who registers gets a key, which lies in S3.
  const port = Number(new URL(inject('tools').s3.endpoint).port);
  await s3.speak(port, async () => {
    alice = await given.user();
  });
});
afterAll(() => {
  s3.stop();
  queue.stop();
});

/** How long it took to fail, in ms. */
async function failure(call: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  return performance.now() - started;
}

test.concurrent('a call to an S3 that does not answer fails after three tries of 5 s', async () => {
  const milliseconds = await failure(headObject('media/some/key'));
  expect(s3.asked.filter((line) => line.startsWith('HEAD '))).toHaveLength(3);
  expect(milliseconds).toBeGreaterThan(14_900);
  expect(milliseconds).toBeLessThan(25_000);
});

test.concurrent('a call to a queue that does not answer fails after two tries of 2 s', async () => {
  const milliseconds = await failure(sendMessage(`${queue.url}/1/jobs`, { append: true }));
  expect(milliseconds).toBeGreaterThan(3_900);
  expect(milliseconds).toBeLessThan(15_000);
});

test.concurrent('a call for which S3 may take minutes lasts until its caller aborts it', async () => {
  const signal = AbortSignal.timeout(7_000);
  const started = performance.now();
  const parts = [{ partNumber: 1, etag: 'x' }];
  await expect(completeMultipart('media/some/key', 'id', parts, signal)).rejects.toThrow();
  expect(performance.now() - started).toBeGreaterThan(6_900);
});

test.concurrent('a request that needs an S3 that does not answer gets 503 before its function times out', async () => {
  const large = { name: 'x', size: 100_000_000, fileName: 'x.png', contentType: 'image/png' };
  const { status, body, headers } = await alice.post('/v1/images', large);
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'UNAVAILABLE' });
  // Had the function run out of time, the gateway would have answered, without a code.
  expect(headers.get('retry-after')).toBe('2');
});
