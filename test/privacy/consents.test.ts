import '../harness/place.ts';
import { expect, test } from 'vitest';
import { consents } from '../../functions/consents.ts';
import { conforms } from '../conforms.ts';
import type { Page } from '../contract/held.ts';
import { type Doc, given } from '../harness/given.ts';

const consent = { purpose: 'MARKETING', version: '2026-01', granted: true };

conforms(consents, {
  make: async (person) => (await person.post<Doc>('/v1/consents', consent)).body,
  body: async () => consent,
});

test('every consent is kept; the newest of a purpose counts and comes first', async () => {
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

test("the server records a consent's address and user agent, and refuses them from clients", async () => {
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
