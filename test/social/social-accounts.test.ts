import '../harness/place.ts';
import { expect, test } from 'vitest';
import { socialAccounts } from '../../functions/social-accounts.ts';
import { SocialAccount } from '../../src/models/social/social-account.ts';
import { conforms } from '../conforms.ts';
import { given } from '../harness/given.ts';
import { stored, storedAt } from '../harness/stored.ts';

conforms(socialAccounts, { make: storedAt(socialAccounts) });

test('no answer shows the tokens of a social account', async () => {
  const alice = await given.user();
  const tokens = { accessToken: 'at-very-secret', refreshToken: 'rt-very-secret' };
  const id = await stored(SocialAccount, alice, tokens);
  const one = await alice.get(`/v1/social-accounts/${id}`);
  expect(one.text).not.toMatch(/secret|Token"/);
  expect((await alice.get(`/v1/social-accounts?include=user`)).text).not.toMatch(/secret|Token"/);
  expect((await alice.get(`/v1/social-accounts/${id}?fields=accessToken`)).status).toBe(400);
});
