import type { Edits } from './edit.ts';

export const account: Edits = {
  'src/services/account/sessions.ts': [
    {
      guarantee: 'a session lives for 30 days',
      find: 'const SESSION_DAYS = 30;',
      replace: 'const SESSION_DAYS = 31;',
      tests: ['test/clocks/caches.test.ts > 30 days after'],
    },
    {
      guarantee: 'an account has at most 100 sessions',
      find: 'const MOST = 100;',
      replace: 'const MOST = 101;',
      tests: ['test/account/ending-sessions.test.ts > at most 100'],
    },
    {
      guarantee: 'it is the oldest session that goes',
      find: 'const sort = { createdAt: -1, _id: -1 } as const;',
      replace: 'const sort = { createdAt: 1, _id: 1 } as const;',
      tests: ['test/account/ending-sessions.test.ts > at most 100'],
    },
    {
      guarantee: 'a change of credentials ends the sessions before',
      find: 'return session.credentialsVersion === account.credentialsVersion;',
      replace: 'return true;',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
    {
      guarantee: 'of the sessions only those are removed that are refused',
      find: '$lt: account.credentialsVersion',
      replace: '$lte: account.credentialsVersion',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
  ],
  'src/crypto/signed-bytes.ts': [
    {
      guarantee: 'a token that was never issued is worth nothing',
      find: 'return isOurs ? content : undefined;',
      replace: 'return content;',
      tests: ['test/account/auth.test.ts > never issued'],
    },
  ],
  'src/services/account/refresh.ts': [
    {
      guarantee: 'a refresh token can be used once',
      find: 'const where = { _id: session, refreshTokenHash: hashText(token) };',
      replace: 'const where = { _id: session };',
      tests: ['test/account/auth.test.ts > is used again'],
    },
    {
      guarantee: 'a refresh token that is used twice ends its session',
      find: 'await removeAndSweep(ctx, Session, { _id: session });',
      replace: '',
      tests: ['test/account/auth.test.ts > is used again'],
    },
    {
      guarantee: 'an expired session is not refreshed',
      find: "...isToCome(ctx, 'expiresAt')",
      replace: '',
      tests: ['test/account/auth.test.ts > once it has expired'],
    },
    {
      guarantee: 'a session of former credentials is not refreshed',
      find: '|| !isCurrent(found, user)',
      replace: '',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
    {
      guarantee: 'the reuse of a refresh token is told to the account',
      find: "await recordSecurityEvent(ctx, 'refresh-reused', user._id);",
      replace: '',
      tests: ['test/account/security-events.test.ts > are there, too'],
    },
  ],
  'src/services/account/end-sessions.ts': [
    {
      guarantee: 'a suspension ends all sessions at once',
      find: 'await User.collection.updateOne({ _id: user }, next, { ...session });',
      replace: '',
      tests: ['test/account/auth.test.ts > suspended'],
    },
    {
      guarantee: 'a session that was ended does not come back by a change of the password',
      find: 'const kept = { _id: keep, user, credentialsVersion };',
      replace: 'const kept = { _id: keep, user };',
      tests: ['test/account/former-credentials.test.ts > does not come back'],
    },
    {
      guarantee: 'the sessions that are refused are removed',
      find: 'while (await removeRefused(ctx, input.user)) signal.throwIfAborted();',
      replace: 'signal.throwIfAborted();',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
  ],
  'src/services/account/register.ts': [
    {
      guarantee: 'the first password keeps the rules',
      find: "await checkWanted(password, 'password', profile);",
      replace: '',
      tests: ['test/account/registration-rules.test.ts > own email or username'],
    },
    {
      guarantee: 'registrations from one address are limited',
      find: "await takeTry(ctx, 'register', readNetwork(ctx.ip), limit);",
      replace: '',
      tests: ['test/account/rate-limits.test.ts > registrations from one address'],
    },
    {
      guarantee: 'a registration that was cut off is answered with its account',
      find: 'if (made) return signIn(ctx, made);',
      replace: '',
      tests: ['test/account/auth.test.ts > a registration interrupted'],
    },
  ],
  'src/services/account/emails.ts': [
    {
      guarantee: 'an address has no character that is not seen',
      find: 'if (at < 1 || hasUnseen(email)) return undefined;',
      replace: 'if (at < 1) return undefined;',
      tests: ['test/account/registration-rules.test.ts > a zero-width space is refused'],
    },
    {
      guarantee: 'an address has no more than a name behind the at sign',
      find: "LABELS.test(labels) ? domainToASCII(labels) : ''",
      replace: 'domainToASCII(labels)',
      tests: ['test/account/registration-rules.test.ts > behind its domain is refused'],
    },
    {
      guarantee: 'an address is one however its characters are composed',
      find: "text.normalize('NFKC').trim()",
      replace: 'text.trim()',
      tests: ['test/account/registration-rules.test.ts > however its Unicode'],
    },
    {
      guarantee: 'an international domain is one with its ASCII form',
      find: "? domainToASCII(labels) : ''",
      replace: "? labels : ''",
      tests: ['test/account/registration-rules.test.ts > international or ASCII'],
    },
    {
      guarantee: 'an address has the form of one',
      find: 'return address.validate(normalized).error ? undefined : normalized;',
      replace: 'return normalized;',
      tests: ['test/account/registration-rules.test.ts > with two dots is refused'],
    },
  ],
  'src/services/account/security-events.ts': [
    {
      guarantee: 'a failure of nobody costs as many queries as one of an account',
      find: ': recordForNobody(ctx, `${action}\\n${whom}`));',
      replace: ': false);',
      tests: ['test/account/equal-work.test.ts > a refused sign-in'],
    },
    {
      guarantee: 'after the tenth of its kind an event is only counted',
      find: 'const MOST_TOLD = 10;',
      replace: 'const MOST_TOLD = 11;',
      tests: ['test/account/security-events.test.ts > after the tenth'],
    },
    {
      guarantee: 'what was only counted is told after a quarter of an hour',
      find: 'const WINDOW = 15 * 60_000;',
      replace: 'const WINDOW = 16 * 60_000;',
      tests: ['test/account/security-events.test.ts > after the tenth'],
    },
    {
      guarantee: 'what was only counted is told once',
      find: 'if (deletedCount === 0 || count <= MOST_TOLD) return false;',
      replace: 'if (count <= MOST_TOLD) return false;',
      tests: ['test/account/security-events.test.ts > after the tenth'],
    },
  ],
};
