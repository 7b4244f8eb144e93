import type { Edits } from './edit.ts';

export const crypto: Edits = {
  'src/data/encrypted-fields.ts': [
    {
      guarantee: 'a ciphertext is bound to its document and owner',
      find: "document: idText(_id), user: user ? idText(user) : ''",
      replace: "document: '', user: ''",
      tests: ['test/data/encrypted-fields.test.ts > decrypts in its own document'],
    },
    {
      guarantee: 'a ciphertext is bound to its field',
      find: 'return { entity: entity.name, path,',
      replace: "return { entity: entity.name, path: '',",
      tests: ['test/data/encrypted-fields.test.ts > decrypts in its own document'],
    },
    {
      guarantee: 'a short secret shows none of its characters',
      find: "return clear.length < 12 ? '' : clear.slice(-4);",
      replace: 'return clear.slice(-4);',
      tests: ['test/data/encrypted-fields.test.ts'],
    },
    {
      guarantee: 'a secret is checked before it is encrypted',
      find: 'await document.validate();',
      replace: '',
      tests: ['test/data/encrypted-fields.test.ts > is checked in clear'],
    },
  ],
  'src/crypto/aes-gcm.ts': [
    {
      guarantee: 'a shortened tag is refused',
      find: 'createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG })',
      replace: 'createDecipheriv(ALGORITHM, key, nonce)',
      tests: ['test/crypto/formats.test.ts > a shortened tag'],
    },
  ],
  'src/crypto/data-key.ts': [
    {
      guarantee: 'a value is bound to its place',
      find: 'return Buffer.concat([head, Buffer.from(bound)]);',
      replace: 'return head;',
      tests: ['test/data/encrypted-fields.test.ts > decrypts in its own document'],
    },
  ],
  'src/crypto/hmac.ts': [
    {
      guarantee: 'a signature of another length is none',
      find: 'given.length === expected.length && timingSafeEqual(given, expected)',
      replace: 'timingSafeEqual(given, expected)',
      tests: ['test/crypto/formats.test.ts > a shortened tag'],
    },
    {
      guarantee: 'a signature must be the expected one',
      find: '&& timingSafeEqual(given, expected)',
      replace: '',
      tests: ['test/account/auth.test.ts > never issued'],
    },
  ],
  'src/data/data-keys.ts': [
    {
      guarantee: 'a key encrypts for 90 days',
      find: 'const IN_USE = 90 * 24 * 3600 * 1000;',
      replace: 'const IN_USE = 900 * 24 * 3600 * 1000;',
      tests: ['test/data/encrypted-fields.test.ts > after 90 days'],
    },
    {
      guarantee: 'a key is cached for five minutes',
      find: 'const CACHED = 5 * 60 * 1000;',
      replace: 'const CACHED = 50 * 60 * 1000;',
      tests: ['test/providers/vault.test.ts > cached for five minutes'],
    },
    {
      guarantee: 'a key that is missing keeps nobody from writing',
      find: 'if (current) return current;',
      replace: 'if (newest) return current ?? null;',
      tests: ['test/crypto/forgetting.test.ts > keeps nobody from writing'],
    },
    {
      guarantee: 'a failure is not cached',
      find: 'entry.key.then((key) => key ?? forget(), forget);',
      replace: 'entry.key.then((key) => key ?? forget(), () => undefined);',
      tests: ['test/providers/vault.test.ts > asked again next time'],
    },
  ],
  'src/data/cipher.ts': [
    {
      guarantee: 'what is a user’s is under his own key',
      find: 'return subject ?? (user || STAGE);',
      replace: 'return STAGE;',
      tests: ['test/crypto/forgetting.test.ts'],
    },
  ],
  'src/services/crypto/forget.ts': [
    {
      guarantee: 'no key is made for who was forgotten',
      find: 'await forbidNewKeys(ctx, subject);',
      replace: '',
      tests: ['test/crypto/forgetting.test.ts > stored, and nobody can read it'],
    },
    {
      guarantee: 'a forgotten key is gone from the bucket',
      find: 'const keys = await destroyKeys(nameFolder(subject));',
      replace: 'const keys = 1;',
      tests: ['test/crypto/forgetting.test.ts > open nowhere'],
    },
    {
      guarantee: 'nobody is forgotten while something may be under a shared key',
      find: 'await refuseShared(ctx);',
      replace: '',
      tests: ['test/crypto/renewal.test.ts > under a shared key'],
    },
  ],
  'src/services/crypto/renew-document.ts': [
    {
      guarantee: 'a renewal gives way to other writes',
      find: 'where[`${path}.bytes`] = stored.bytes;',
      replace: '',
      tests: ['test/crypto/renewal.test.ts > is left to him'],
    },
  ],
  'src/services/crypto/retire.ts': [
    {
      guarantee: 'a key that something is under stays',
      find: 'if (key.isNeeded) await unmark(key);',
      replace: 'if (false as boolean) await unmark(key);',
      tests: ['test/crypto/renewal.test.ts > 35 days apart'],
    },
    {
      guarantee: 'a key stays as long as backups need it',
      find: 'const BACKUPS = 35 * 24 * 3600 * 1000;',
      replace: 'const BACKUPS = 0;',
      tests: ['test/crypto/renewal.test.ts > 35 days apart'],
    },
  ],
  'src/providers/redact.ts': [
    {
      guarantee: 'a log line shows nothing of an error but its name, message and code',
      find: 'if (value instanceof Error) return describeError(value);',
      replace: '',
      tests: ['test/providers/redact.test.ts > errors of others'],
    },
    {
      guarantee: 'a log line shows nothing of a document but its id',
      find: 'if (isDocument(value)) return { _id: String(value._id) };',
      replace: '',
      tests: ['test/providers/redact.test.ts > document of any entity'],
    },
  ],
  'src/providers/presign.ts': [
    {
      guarantee: 'a link is good for so many seconds',
      find: '&X-Amz-Expires=${seconds}',
      replace: '&X-Amz-Expires=604800',
      tests: ['test/providers/presign.test.ts'],
    },
    {
      guarantee: 'a link is good for one object',
      find: "[method, path, query, lines.join('')",
      replace: "[method, '/', query, lines.join('')",
      tests: ['test/providers/presign.test.ts'],
    },
  ],
  'src/services/jobs/input.ts': [
    {
      guarantee: 'what a job is told is checked',
      find: 'if (!error) return value;',
      replace: 'if (value) return value;',
      tests: ['test/jobs/run-jobs.test.ts > whose input its type does not take'],
    },
  ],
};
