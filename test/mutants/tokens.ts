import type { Edits } from './edit.ts';

export const tokens: Edits = {
  'src/services/account/tokens.ts': [
    {
      guarantee: 'a token that was seen before is refused once it has expired',
      find: 'if (before && isWithin(before.since, before.life)) return before.claims;',
      replace: 'if (before) return before.claims;',
      tests: ['test/clocks/caches.test.ts > verified before'],
    },
    {
      guarantee: 'clocks may be 30 s apart, and no more',
      find: 'const SKEW = 30;',
      replace: 'const SKEW = 60;',
      tests: ['test/clocks/caches.test.ts > 30 s apart'],
    },
    {
      guarantee: 'an access token lives for ten minutes',
      find: 'export const ACCESS_SECONDS = 600;',
      replace: 'export const ACCESS_SECONDS = 6000;',
      tests: ['test/clocks/caches.test.ts > 30 s apart'],
    },
    {
      guarantee: 'a token of another type is none',
      find: "header?.typ !== 'at+jwt' ||",
      replace: '',
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
    {
      guarantee: 'a token with conditions that nobody here knows is none',
      find: "|| 'crit' in header)",
      replace: ')',
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
    {
      guarantee: 'a token for others is none',
      find: `audience: AUDIENCE,
      clockTolerance`,
      replace: 'clockTolerance',
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
    {
      guarantee: 'a token of another issuer is none',
      find: `issuer: ISSUER,
      audience: AUDIENCE,
      clockTolerance`,
      replace: `audience: AUDIENCE,
      clockTolerance`,
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
    {
      guarantee: 'a token that never expires is none',
      find: '|| !Number.isInteger(payload.exp)) return',
      replace: ') return',
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
    {
      guarantee: 'a token is of a length that a real one has',
      find: 'const claims = token.length <= 2048 ?',
      replace: 'const claims = token.length > 0 ?',
      tests: ['test/advisories/tokens.test.ts > no forged token'],
    },
  ],
};
