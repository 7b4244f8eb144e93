import './support/setup.ts';
import { test } from 'vitest';
import {
  guessesAtOnce,
  oneAccountOneLimit,
  oneNetworkOneLimit,
  onePasswordChange,
  oneRefresh,
  oneRefreshPerKey,
  sameReply,
  sameTime,
} from './attacks/sign-in.ts';

test('A12 single-use race: 64 uses of a refresh token give one new pair, and end its family', () =>
  oneRefresh());

test('A12 single-use race: under one Idempotency-Key they are one use', () => oneRefreshPerKey());

test('A12 single-use race: of three changes of a password at once, one wins', () =>
  onePasswordChange());

test('A13 enumeration: login tells nobody what was wrong', () => sameReply());

test('A13 enumeration: an unknown name is not refused sooner than a wrong password', async () => {
  await sameTime();
});

test('A14 rate limit: neither headers nor ways to write a name move the limit of an account', () =>
  oneAccountOneLimit());

test('A14 rate limit: guesses all at once get no more than their share', () => guessesAtOnce());

test('A14 rate limit: an IPv6 /64 is one address, whatever headers say', () =>
  oneNetworkOneLimit());
