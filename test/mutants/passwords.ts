import type { Edits } from './edit.ts';

export const passwords: Edits = {
  'src/services/account/change-password.ts': [
    {
      guarantee: 'a change of the password ends other sessions',
      find: 'credentialsVersion: credentialsVersion + 1',
      replace: 'credentialsVersion',
      tests: ['test/account/former-credentials.test.ts > while they are still there'],
    },
    {
      guarantee: 'a change of the password has tries apart from those of signing in',
      find: "takeAccountTry(ctx, 'change-password', idText(keep), id)",
      replace: "takeAccountTry(ctx, 'login-to', `email ${idText(id)}`, id)",
      tests: ['test/account/lock-outs.test.ts > the owner who is signed in'],
    },
    {
      guarantee: 'the current password must be right',
      find: 'if (!user || !isRight) {',
      replace: 'if (!user) {',
      tests: ['test/account/auth.test.ts > when the password is changed'],
    },
    {
      guarantee: 'a new password keeps the rules',
      find: "await checkWanted(wanted, 'newPassword', user);",
      replace: '',
      tests: ['test/account/registration-rules.test.ts > that is new differs'],
    },
    {
      guarantee: 'a new password differs from the one before',
      find: 'if (await verifyPassword(hashed, wanted))',
      replace: 'if (false)',
      tests: ['test/account/registration-rules.test.ts > that is new differs'],
    },
    {
      guarantee: 'a failed change is told to the account',
      find: "await recordSecurityEvent(ctx, 'password-change-failed', id);",
      replace: '',
      tests: ['test/account/security-events.test.ts > are there, too'],
    },
    {
      guarantee: 'of changes at once one wins',
      find: 'const where = { _id: id, isActive: true, credentialsVersion };',
      replace: 'const where = { _id: id, isActive: true };',
      tests: ['test/advisories/sign-in.test.ts > three changes of a password'],
      survives:
        'The session that goes on is raised under the same version, and refuses the second change.',
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
  'src/services/account/password-rules.ts': [
    {
      guarantee: 'a common password is refused',
      find: '(await readCommon()).has(wanted)',
      replace: '(await readCommon()).size === 0',
      tests: ['test/account/auth.test.ts > refuses a bad'],
    },
    {
      guarantee: "one's own name is no password",
      find: 'own && foldCase(own) === wanted',
      replace: "own && foldCase(own) === ''",
      tests: ['test/account/registration-rules.test.ts > own email or username'],
    },
    {
      guarantee: 'one character repeated is no password',
      find: 'new Set(wanted).size === 1',
      replace: 'new Set(wanted).size === 0',
      tests: ['test/account/registration-rules.test.ts > own email or username'],
    },
    {
      guarantee: 'the rules do not heed upper and lower case',
      find: "return text.normalize('NFKC').toLowerCase();",
      replace: "return text.normalize('NFKC');",
      tests: ['test/account/registration-rules.test.ts > own email or username'],
    },
  ],
  'src/services/account/passwords.ts': [
    {
      guarantee: 'a password is one however its characters are composed',
      find: "return verify(hashed, password.normalize('NFKC'));",
      replace: 'return verify(hashed, password);',
      tests: ['test/account/auth.test.ts > composed or decomposed'],
    },
  ],
  'src/routes/account/auth.ts': [
    {
      guarantee: 'a password has at least 8 characters, not units of UTF-16',
      find: '(hasAtMost(value, 7) || !hasAtMost(value, 128))',
      replace: '!hasAtMost(value, 128)',
      tests: ['test/account/auth.test.ts > refuses a bad'],
    },
    {
      guarantee: 'a password has at most 128 characters',
      find: '(hasAtMost(value, 7) || !hasAtMost(value, 128))',
      replace: 'hasAtMost(value, 7)',
      tests: ['test/account/auth.test.ts > refuses a bad'],
    },
    {
      guarantee: 'a logout is seen at once where it is done',
      find: 'if (ended) forgetSession(ended);',
      replace: '',
      tests: ['test/account/auth.test.ts > ends at once with the logout'],
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
