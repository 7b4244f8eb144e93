import '../harness/place.ts';
import { expect, test } from 'vitest';
import { consents } from '../../functions/consents.ts';
import { socialAccounts } from '../../functions/social-accounts.ts';
import { webhookEndpoints } from '../../functions/webhook-endpoints.ts';
import { SocialAccount } from '../../src/models/social/social-account.ts';
import { WebhookDelivery } from '../../src/models/webhooks/webhook-delivery.ts';
import { conforms, listConforms } from '../conforms.ts';
import type { Page } from '../contract/held.ts';
import { type Doc, given } from '../harness/given.ts';
import { childrenAt, stored, storedAt } from '../harness/stored.ts';

const consent = { purpose: 'MARKETING', version: '2026-01', granted: true };

conforms(consents, {
  make: async (person) => (await person.post<Doc>('/v1/consents', consent)).body,
  body: async () => consent,
});

conforms(socialAccounts, { make: storedAt(socialAccounts) });

conforms(webhookEndpoints, {
  make: storedAt(webhookEndpoints, { secret: 'whsec_0123456789abcd' }),
  body: async () => ({ url: 'https://example.com/hook', events: ['track.ready'] }),
});

listConforms(
  '/v1/webhook-endpoints/{id}/deliveries',
  childrenAt(webhookEndpoints, 'deliveries', WebhookDelivery, 'endpoint'),
);

test('what was agreed to is kept whole: the newest of a purpose counts, and comes first', async () => {
  const alice = await given.user();
  for (const granted of [true, false, true, false]) {
    await alice.post('/v1/consents', { ...consent, granted, version: `v${granted}` });
    await alice.post('/v1/consents', { ...consent, purpose: 'ANALYTICS' });
  }
  const { body } = await alice.get<Page>('/v1/consents?purpose=MARKETING');
  expect(body.data.map((c) => c.granted)).toEqual([false, true, false, true]);
  expect(body.data[0]).toMatchObject({ version: 'vfalse' });
  expect(body.data[0]).not.toHaveProperty('textVersion');
  const { id } = body.data[0] as Doc;
  const fields = await alice.get(`/v1/consents/${id}?fields=version`);
  expect(fields.body).toEqual({ id, version: 'vfalse' });
});

test('a consent says from where it was given, and no client says so for it', async () => {
  const alice = await given.user();
  const asked = { 'user-agent': 'Browser/1.0' };
  const { body } = await alice.post<Doc>('/v1/consents', consent, asked);
  expect(body).toMatchObject({
    ip: expect.stringMatching(/^[\d.:a-f]+$/),
    userAgent: 'Browser/1.0',
  });
  for (const more of [{ ip: '10.0.0.1' }, { userAgent: 'Other' }, { textVersion: '1' }]) {
    expect((await alice.post('/v1/consents', { ...consent, ...more })).status).toBe(422);
  }
});

test('an account elsewhere shows none of its tokens', async () => {
  const alice = await given.user();
  const tokens = { accessToken: 'at-very-secret', refreshToken: 'rt-very-secret' };
  const id = await stored(SocialAccount, alice, tokens);
  const one = await alice.get(`/v1/social-accounts/${id}`);
  expect(one.text).not.toMatch(/secret|Token"/);
  expect((await alice.get(`/v1/social-accounts?include=user`)).text).not.toMatch(/secret|Token"/);
  expect((await alice.get(`/v1/social-accounts/${id}?fields=accessToken`)).status).toBe(400);
});
