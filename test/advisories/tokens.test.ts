import './support/setup.ts';
import { test } from 'vitest';
import { endedSessions, forgedTokens } from './attacks/tokens.ts';

test('A8 JWT forgery: no forged token is let in', () => forgedTokens());

test('A11 sessions that live on: tokens are dead within 5 s of logout, password change, suspension', () =>
  endedSessions());
