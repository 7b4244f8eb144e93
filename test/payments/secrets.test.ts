import { vi } from 'vitest';

const { stripe, logged } = await vi.hoisted(async () => {
  process.env.TEST_LOG = 'DEBUG';
  const lines: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
      lines.push(String(chunk));
      return write(chunk, ...rest);
    }) as typeof stream.write;
  }
  const { startStripe } = await import('../harness/stripe.ts');
  return { stripe: await startStripe(), logged: lines };
});

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { entities } from '../../src/data/entity.ts';
import { log } from '../../src/providers/log.ts';
import { TEST_CARDS } from '../fakes/stripe/cards.ts';
import { adminCollection } from '../harness/admin.ts';
import { place } from '../harness/place.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

test('no client secret, and no number of a card, is in a document or a log', async () => {
  for (const { name, play } of SCENARIOS.filter(({ name }) => /^S(5|7|9|17|22)/.test(name))) {
    const world = await World.make(stripe, IN_ORDER);
    await play(world).catch((error: unknown) => {
      throw new Error(name, { cause: error });
    });
    await world.finish();
  }
  // A card that is refused for a charge: the library's error holds the whole PaymentIntent.
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.save('4000000000000002');
  const key = { 'idempotency-key': `refused-${id}` };
  const body = { package: 'SMALL', paymentMethod: id };
  expect((await world.person.post('/v1/payments', body, key)).status).toBe(201);
  await world.finish();

  const secrets = [...stripe.state.objects.values()].map((one) => one.client_secret);
  const words = [...secrets.filter(Boolean), ...Object.keys(TEST_CARDS)] as string[];
  expect(words.length).toBeGreaterThan(5);
  for (const entity of entities.values()) {
    const stored = JSON.stringify(await adminCollection(entity).find({}).toArray());
    const found = words.filter((word) => stored.includes(word));
    expect(found, entity.name).toEqual([]);
  }
  log.info('the log is read', { canary: 'canary' });
  const text = logged.join('');
  expect(text).toContain('canary');
  expect(words.filter((word) => text.includes(word))).toEqual([]);
});
