import type { Edits } from './edit.ts';

export const logins: Edits = {
  'src/services/account/login.ts': [
    {
      guarantee: 'a sign-in makes room among the sessions',
      find: 'await removeExcess(tx, _id, session);',
      replace: '',
      tests: ['test/account/ending-sessions.test.ts > at most 100'],
    },
    {
      guarantee: 'a name that nobody has is one however it is written',
      find: "removeUnseen(login.normalize('NFKC'))",
      replace: "login.normalize('NFKC')",
      tests: ['test/account/rate-limits.test.ts > a name that nobody has'],
    },
    {
      guarantee: 'a device that has signed in before has tries of its own',
      find: 'counted: device ? `device ${id} ${device}` : `${way} ${id}` };',
      replace: 'counted: `${way} ${id}` };',
      tests: ['test/account/lock-outs.test.ts > a device that has signed in before'],
    },
    {
      guarantee: 'the tries that are left do not tell that two names are one account',
      find: ': `${way} ${id}` };',
      replace: ': id };',
      tests: ['test/account/lock-outs.test.ts > one account'],
    },
    {
      guarantee: 'all devices of an account have 50 tries together',
      find: '{ most: 50, windowMs: QUARTER, settled: true }',
      replace: '{ most: 500, windowMs: QUARTER, settled: true }',
      tests: ['test/account/shares.test.ts > 50 tries'],
    },
    {
      guarantee: 'an address has 100 tries',
      find: '{ most: 100, windowMs: QUARTER, settled: true }',
      replace: '{ most: 1000, windowMs: QUARTER, settled: true }',
      tests: ['test/account/shares.test.ts > 100 tries'],
    },
    {
      guarantee: 'an unknown name takes as long as a wrong password',
      find: 'return verifyNobody(given.password);',
      replace: 'return false;',
      tests: ['test/account/equal-work.test.ts > costs one hash'],
    },
    {
      guarantee: 'a suspended account signs nobody in',
      find: ' && user.isActive;',
      replace: ';',
      tests: ['test/account/security-events.test.ts > of a suspended account'],
    },
    {
      guarantee: 'a sign-in with former credentials opens no session',
      find: 'const where = { _id, isActive: true, credentialsVersion };',
      replace: 'const where = { _id };',
      tests: ['test/account/auth.test.ts > at the moment of its change'],
      survives:
        'The session that it opens holds the version of the credentials that was checked, so that it is refused from its first use on.',
    },
  ],
  'src/services/account/account-tries.ts': [
    {
      guarantee: 'ten wrong passwords in a quarter of an hour close an account',
      find: 'most: 10,',
      replace: 'most: 11,',
      tests: ['test/account/rate-limits.test.ts > after ten wrong passwords'],
    },
    {
      guarantee: 'a lock-out is told to the account',
      find: 'if (isRefused) await',
      replace: 'if (false) await',
      tests: ['test/account/security-events.test.ts > are there, too'],
    },
    {
      guarantee: 'a database that cannot count is no lock-out',
      find: "error instanceof AppError && error.code === 'RATE_LIMITED'",
      replace: 'error instanceof AppError',
      tests: ['test/account/security-events.test.ts > cannot count tries'],
    },
  ],
  'src/services/account/device-tokens.ts': [
    {
      guarantee: 'a device token is good for its own account alone',
      find: 'if (!content?.subarray(0, ID).equals(user.buffer)) return undefined;',
      replace: 'if (!content) return undefined;',
      tests: ['test/account/lock-outs.test.ts > a device that has signed in before'],
    },
  ],
  'src/services/account/rate-limit.ts': [
    {
      guarantee: 'a right sign-in uses no try',
      find: '(isWrong ? one.fail() : one.giveBack())',
      replace: 'one.fail()',
      tests: ['test/account/lock-outs.test.ts > right sign-ins at once'],
    },
    {
      guarantee: 'a wrong one does',
      find: 'const isWrong = isRight === false;',
      replace: 'const isWrong = false;',
      tests: ['test/account/rate-limits.test.ts > after ten wrong passwords'],
    },
    {
      guarantee: 'of tries at once no more than the limit pass',
      find: 'const isFree = { $lt: [taken, most] };',
      replace: 'const isFree = { $lte: [taken, most] };',
      tests: ['test/account/rate-limits.test.ts > no more than the limit pass'],
    },
    {
      guarantee: 'a window ends, however often somebody tries in it',
      find: "expiresAt: { $cond: [isOver, databaseTime(ctx, windowMs), '$expiresAt'] },",
      replace: 'expiresAt: databaseTime(ctx, windowMs),',
      tests: ['test/account/rate-limits.test.ts > no more than the limit pass'],
    },
    {
      guarantee: 'a try is taken back in its own window alone',
      find: 'updateOne({ key: name, expiresAt }, { $inc: counts })',
      replace: 'updateOne({ key: name }, { $inc: counts })',
      tests: ['test/account/rate-limits.test.ts > after its window ended'],
    },
    {
      guarantee: 'a try of a process that was killed does not count for long',
      find: 'const UNDER_WAY = 35_000;',
      replace: 'const UNDER_WAY = 35_000_000;',
      tests: ['test/account/shares.test.ts > killed'],
    },
    {
      guarantee: 'a /64 of IPv6 is one address',
      find: '.slice(0, 4)',
      replace: '.slice(0, 8)',
      tests: ['test/account/rate-limits.test.ts > IPv6'],
    },
    {
      guarantee: 'an IPv4 address within IPv6 is one of its own',
      find: "|| ip.startsWith('::ffff:')",
      replace: '',
      tests: ['test/account/rate-limits.test.ts > IPv6'],
    },
  ],
};
