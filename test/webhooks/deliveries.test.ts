import { Webhook } from 'standardwebhooks';
import { afterAll, expect, test } from 'vitest';
import { type Doc, given, type Person } from '../harness/given.ts';
import { startReceiver } from '../harness/receiver.ts';
import '../harness/place.ts';
import { until } from '../harness/until.ts';

const receivers: Awaited<ReturnType<typeof startReceiver>>[] = [];

async function receiver(...how: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...how);
  receivers.push(started);
  return started;
}

afterAll(async () => {
  await Promise.all(receivers.map((r) => r.stop()));
});

interface Endpoint extends Doc {
  signingSecret: string;
}

async function endpoint(person: Person, url: string, events = ['*']): Promise<Endpoint> {
  const made = await person.post<Endpoint>('/v1/webhook-endpoints', { url, events });
  if (made.status !== 201) throw new Error(made.text);
  return made.body;
}

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

test('what happens to an image arrives, signed as Standard Webhooks say, in order', async () => {
  const [alice, hook] = [await given.user(), await receiver()];
  const { signingSecret } = await endpoint(alice, hook.url, ['image.*']);
  const image = await alice.uploads(PIXEL, {}, 'images');
  await alice.waitsFor(image, 'READY', undefined, 'images');
  await until('image.ready arrives', () =>
    hook.received.some((r) => r.body.type === 'image.ready'),
  );
  const verifier = new Webhook(signingSecret);
  for (const { text, headers, body } of hook.received) {
    expect(verifier.verify(text, headers)).toEqual(body);
    expect(body).toMatchObject({ version: 1, data: { id: image.id } });
  }
  const sequences = hook.received.map((r) => r.body.sequence);
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  const last = hook.received.at(-1)?.body;
  expect(last?.data).toEqual((await alice.get(`/v1/images/${image.id}`)).body);
});
