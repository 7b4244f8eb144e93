import { vi } from 'vitest';

// Three thousand calls come from one address, within a minute on a fast machine.
vi.hoisted(() => {
  process.env.CALLS_PER_MINUTE = '1000000';
});

import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { findOne, WHOLE } from '../../src/data/read.ts';
import { User } from '../../src/models/account/user.ts';
import { createMailToken, type TokenPurpose } from '../../src/services/account/mail-tokens.ts';
import { call, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const ROUNDS = Number(process.env.ROUNDS ?? 50);
const ctx = systemCtx('test');

const uses: [TokenPurpose, (token: string, n: number) => Promise<{ status: number }>][] = [
  ['VERIFY_EMAIL', (token) => call('POST', '/v1/auth/verify-email', { body: { token } })],
  [
    'RESET_PASSWORD',
    (token, n) => {
      const body = { token, password: `a wholly new password ${n}` };
      return call('POST', '/v1/auth/password-reset/confirm', { body });
    },
  ],
];

test.each(uses)(
  `of 64 uses of one token at once, exactly one works, in each of ${ROUNDS} rounds: %s`,
  async (purpose, use) => {
    const { id } = await given.user();
    for (let round = 0; round < ROUNDS; round++) {
      const user = await findOne(ctx, User, { _id: new UUID(id) }, WHOLE);
      if (!user) throw new Error('There is no such account.');
      const token = await createMailToken(ctx, purpose, user, user.email);
      const statuses = (await Promise.all(times(64, (n) => use(token, n)))).map((a) => a.status);
      const expected = [204, ...times(63, () => 422)];
      expect(statuses.toSorted(), `round ${round}`).toEqual(expected);
    }
  },
);
