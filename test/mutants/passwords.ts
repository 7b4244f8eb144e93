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
      find: "takeAccountTry(ctx, 'change-password', idText(session), id)",
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
};
