import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_WEBHOOK_SECRET as secret } from '../../src/local/stripe.ts';
import { startDelivery } from '../fakes/stripe/webhooks.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { api } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { findChromium, here } from './install.ts';

type Action = ['open' | 'check' | 'press' | 'picture', string];
interface Bought extends Doc {
  checkout: { url: string };
}

let folder: string;
let browser: ChildProcess;
const delivery = startDelivery({ url: `${api}/v1/webhooks/stripe`, secret }, { longest: 500 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixdown-checkout-'));
  stripe.state.listeners.push(delivery.listen);
  browser = fork(join(here, 'browser/browse.mjs'), [await findChromium()]);
  await once(browser, 'message');
});

afterAll(async () => {
  browser?.disconnect();
  delivery.stop();
  await stripe.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Does something in the browser; answers what the page says then. */
async function browse(...actions: Action[]): Promise<string> {
  browser.send(actions);
  const [{ text, error }] = await once(browser, 'message');
  expect(error).toBeUndefined();
  return text;
}

/** Where a picture goes: into the documents, where those are to be drawn anew. */
function draw(name: string): Action {
  return ['picture', join(process.env.WRITE_PICTURE ? join(here, '../../docs') : folder, name)];
}

const waitFor = (person: Person, path: string, status: string) =>
  until(`${path} is ${status}`, async () => {
    const { body } = await person.get<Doc>(path);
    return body.status === status && body;
  });

const balanceOf = async (person: Person) =>
  (await person.get<{ balance: number }>('/v1/credits')).body.balance;

test('a purchase: a card is declined on the page, another one pays, and the credits come', async () => {
  const alice = await given.user();
  const { body } = await alice.post<Bought>('/v1/payments', { package: 'SMALL' });
  const said = await browse(
    ['open', body.checkout.url],
    ['check', '4000000000000002'],
    ['press', 'Pay'],
    draw('checkout.png'),
  );
  expect(said).toContain('Your card was declined.');
  expect(await browse(['check', '4242424242424242'], ['press', 'Pay'])).toContain('It is paid.');
  await waitFor(alice, `/v1/payments/${body.id}`, 'COMPLETED');
  expect(await balanceOf(alice)).toBe(100);
});

test('a saved card is charged without the page, refunded, and shown to an administrator with all that was told', async () => {
  const [alice, admin] = [await given.user(), await given.admin()];
  const setup = await alice.post<{ clientSecret: string }>('/v1/payment-methods/setup');
  const id = setup.body.clientSecret.split('_secret')[0];
  const saved = await browse(
    ['open', `${stripe.url}/pay/${id}`],
    ['check', '4242424242424242'],
    ['press', 'Save'],
  );
  expect(saved).toContain('The card is saved.');
  const method = await until('the card is here', async () => {
    const { body } = await alice.get<{ data: Doc[] }>('/v1/payment-methods');
    return body.data[0];
  });
  expect(method).toMatchObject({ brand: 'visa', last4: '4242' });
  const bought = { package: 'SMALL', paymentMethod: method.id };
  const { body: payment } = await alice.post('/v1/payments', bought);
  expect(payment.status).toBe('COMPLETED');
  const refunding = `/v1/payments/${payment.id}/refund`;
  expect((await admin.post(refunding, { amount: 200 }, newKey())).status).toBe(200);
  const path = `/v1/admin/payments/${payment.id}`;
  const types = ['payment_intent.succeeded', 'refund.created', 'charge.refunded'];
  const page = await until('all events have come', async () => {
    const { text } = await admin.get(path, { accept: 'text/html' });
    return types.every((type) => text.includes(type)) && !text.includes('not yet') && text;
  });
  const file = join(folder, 'payment.html');
  await writeFile(file, page);
  const shown = await browse(['open', pathToFileURL(file).href], draw('admin-payment.png'));
  for (const text of ['COMPLETED', '5.00 EUR for 100 credits', 'PURCHASE', '+100', '−40']) {
    expect(shown).toContain(text);
  }
  const list = await admin.get('/v1/admin/payments', { accept: 'text/html' });
  expect(list.text).toContain(`/v1/admin/payments/${payment.id}`);
});

test('a subscription: the bank asks the holder of the card, and the plan is active', async () => {
  const alice = await given.user();
  const { body } = await alice.post<Bought>('/v1/subscriptions', { plan: 'PRO' });
  const asked = await browse(
    ['open', body.checkout.url],
    ['check', '4000002500003155'],
    ['press', 'Pay'],
  );
  expect(asked).toContain('was this you?');
  expect(await browse(['press', 'Yes, it was'])).toContain('It is paid.');
  await waitFor(alice, `/v1/subscriptions/${body.id}`, 'ACTIVE');
  expect(await balanceOf(alice)).toBe(500);
});
