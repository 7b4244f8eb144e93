import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { handler } from '../../functions/webhooks.ts';
import { LOCAL_WEBHOOK_SECRET as SECRET } from '../../src/local/stripe.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { WebhookEvent } from '../../src/models/webhooks/webhook-event.ts';
import { add, emit, type StripeEvent } from '../fakes/stripe/state.ts';
import { signBody } from '../fakes/stripe/webhooks.ts';
import { invocation } from '../harness/invocations.ts';
import { api, place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const seconds = () => Math.floor(Date.now() / 1000);

function makeEvent(changes: Partial<StripeEvent> = {}): StripeEvent {
  const intent = add(stripe.state, 'pi', 'payment_intent', { metadata: {} });
  return { ...emit(stripe.state, 'payment_intent.succeeded', intent), ...changes };
}

function post(body: string, signature?: string): Promise<Response> {
  const headers = { ...(signature && { 'stripe-signature': signature }) };
  return fetch(`${api}/v1/webhooks/stripe`, { method: 'POST', body, headers });
}

const countStored = ({ id }: StripeEvent) =>
  WebhookEvent.collection.countDocuments({ eventId: id });

const REFUSED: [string, (event: StripeEvent, body: string) => [string, string | undefined]][] = [
  ['without a signature', (_, body) => [body, undefined]],
  ['with one that is empty', (_, body) => [body, '']],
  ['with one that is nonsense', (_, body) => [body, 'nonsense']],
  ['signed by another secret', (_, body) => [body, signBody(body, 'whsec_other', seconds())]],
  ['signed six minutes ago', (_, body) => [body, signBody(body, SECRET, seconds() - 360)]],
  ['signed six minutes from now', (_, body) => [body, signBody(body, SECRET, seconds() + 360)]],
  [
    'signed at no time',
    (_, body) => [body, signBody(body, SECRET, seconds()).replace(/t=\d+/, 't=')],
  ],
  [
    'signed far from now, with a second time before that',
    (_, body) => [body, `t=${seconds()},${signBody(body, SECRET, seconds() + 100_000)}`],
  ],
  [
    'signed far from now, with a second time after that',
    (_, body) => [body, `${signBody(body, SECRET, seconds() + 100_000)},t=${seconds()}`],
  ],
  [
    'signed just now, and twice',
    (_, body) => [body, `t=${seconds()},${signBody(body, SECRET, seconds())}`],
  ],
  [
    'signed far from now, with a time that only looks like one before that',
    (_, body) => [body, `t=${seconds()}, t =1,${signBody(body, SECRET, seconds() + 100_000)}`],
  ],
  [
    'with one more blank than was signed',
    (_, body) => [`${body} `, signBody(body, SECRET, seconds())],
  ],
  [
    'written anew by something between',
    (event, body) => [JSON.stringify(event), signBody(body, SECRET, seconds())],
  ],
  ['of the other mode', (event) => sign({ ...event, livemode: true })],
  ['of another account', (event) => sign({ ...event, account: 'acct_other' })],
  ['that is no event', () => sign({ object: 'list', livemode: false })],
  ['about nothing', (event) => sign({ ...event, data: { object: null } })],
  ['about a word', (event) => sign({ ...event, data: { object: 'pi_1' } })],
  ['about what has no id', (event) => sign({ ...event, data: { object: {} } })],
  ['about what has an empty id', (event) => sign({ ...event, data: { object: { id: '' } } })],
  ['about what has a number as its id', (event) => sign({ ...event, data: { object: { id: 7 } } })],
  [
    'about what has an id that is too long',
    (event) => sign({ ...event, data: { object: { id: 'x'.repeat(256) } } }),
  ],
  [
    'about a payment intent that is too long',
    (event) =>
      sign({ ...event, data: { object: { id: 're_1', payment_intent: 'x'.repeat(256) } } }),
  ],
  [
    'about a payment intent without an id',
    (event) => sign({ ...event, data: { object: { id: 're_1', payment_intent: {} } } }),
  ],
  ['with an id that is too long', (event) => sign({ ...event, id: `evt_${'x'.repeat(600)}` })],
  ['with an empty id', (event) => sign({ ...event, id: '' })],
  ['of no time', (event) => sign({ ...event, created: undefined })],
  ['of a time in words', (event) => sign({ ...event, created: 'now' })],
  ['of a time beyond all dates', (event) => sign({ ...event, created: 1e300 })],
  ['of no type', (event) => sign({ ...event, type: 7 })],
  ['that is null', () => ['null', signBody('null', SECRET, seconds())]],
  ['that is no JSON', () => ['{', signBody('{', SECRET, seconds())]],
];

function sign(event: object): [string, string] {
  const body = JSON.stringify(event);
  return [body, signBody(body, SECRET, seconds())];
}

test.each(REFUSED)('an event %s is refused, and changes nothing', async (_, spoil) => {
  const event = makeEvent();
  const [body, signature] = spoil(event, JSON.stringify(event, null, 2));
  const answer = await post(body, signature);
  const problem = (await answer.json()) as { errors?: unknown };
  expect([answer.status, problem]).toMatchObject([400, { code: 'BAD_REQUEST' }]);
  expect(problem.errors).toBeUndefined();
  expect(await countStored(event)).toBe(0);
});

test('an event that comes 32 times at once is stored once, with one job', async () => {
  const event = makeEvent();
  const before = await Job.collection.countDocuments({ type: 'handle-stripe-event' });
  const [body, signature] = sign(event);
  const answers = await Promise.all(times(32, () => post(body, signature)));
  expect(answers.map(({ status }) => status)).toEqual(times(32, () => 200));
  expect(await countStored(event)).toBe(1);
  const after = await Job.collection.countDocuments({ type: 'handle-stripe-event' });
  expect(after).toBe(before + 1);
});

test('an event of a type that changes nothing is accepted and not kept', async () => {
  const event = makeEvent({ type: 'product.created' });
  expect((await post(...sign(event))).status).toBe(200);
  expect(await countStored(event)).toBe(0);
});

test('an event that changes nothing may be about what has no id', async () => {
  const event = makeEvent({ type: 'balance.available', data: { object: { object: 'balance' } } });
  expect((await post(...sign(event))).status).toBe(200);
});

test('an event of half a megabyte is taken, and one of more than a mebibyte is not', async () => {
  const large = makeEvent({ filler: 'x'.repeat(500_000) });
  expect((await post(...sign(large))).status).toBe(200);
  const larger = makeEvent({ filler: 'x'.repeat(1_100_000) });
  expect((await post(...sign(larger))).status).toBe(413);
});

test('the bytes are verified as they were sent, also where API Gateway has encoded them', async () => {
  const event = makeEvent();
  const [body, signature] = sign(event);
  const request = {
    rawPath: '/v1/webhooks/stripe',
    rawQueryString: '',
    headers: { 'stripe-signature': signature },
    requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1' } },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
  const answer = await handler(request as never, invocation() as never);
  expect(answer.statusCode).toBe(200);
  expect(await countStored(event)).toBe(1);
});
