import '../harness/place.ts';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { makeAppSecret, makeTokenKey } from '../../src/crypto/new-keys.ts';
import { parseSecrets } from '../../src/providers/secrets.ts';

type Key = Record<string, unknown>;

const key = () => makeTokenKey('2026-01-01T00:00:00.000Z') as Key;

/** What is said of these secrets. */
function refusal(secrets: Record<string, unknown>): string {
  const texts = Object.entries(secrets).map(([k, v]) => [
    k,
    typeof v === 'string' ? v : JSON.stringify(v),
  ]);
  try {
    readConfig({ ...process.env, ...Object.fromEntries(texts) });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('two keys with one kid are refused, and so is one secret twice', () => {
  const [one, other] = [key(), key()];
  expect(refusal({ TOKEN_KEYS: [one, other] })).toBe('');
  expect(refusal({ TOKEN_KEYS: [one, { ...other, kid: one.kid }] })).toBe(
    'Configuration: "TOKEN_KEYS[1]" has the kid of number 0 of the list, counted from 0: each needs its own',
  );
  const secret = makeAppSecret();
  expect(refusal({ APP_SECRET: [{ secret }, { secret: makeAppSecret() }] })).toBe('');
  expect(refusal({ APP_SECRET: [{ secret }, { secret }] })).toContain(
    '"APP_SECRET[1]" has the secret of number 0',
  );
});

test.each<[string, Record<string, unknown>, string]>([
  ['keys that are no JSON', { TOKEN_KEYS: '[{' }, '"TOKEN_KEYS" must be an array'],
  ['keys that are one', { TOKEN_KEYS: key() }, '"TOKEN_KEYS" must be an array'],
  ['no keys', { TOKEN_KEYS: [] }, '"TOKEN_KEYS" must contain at least 1 items'],
  [
    'a key without an id',
    { TOKEN_KEYS: [{ ...key(), kid: undefined }] },
    '"TOKEN_KEYS[0].kid" is required',
  ],
  ['a public key', { TOKEN_KEYS: [{ ...key(), d: undefined }] }, '"TOKEN_KEYS[0].d" is required'],
  [
    'another curve',
    { TOKEN_KEYS: [{ ...key(), crv: 'P-384' }] },
    '"TOKEN_KEYS[0].crv" must be [P-256]',
  ],
  [
    'parts of two keys',
    { TOKEN_KEYS: [{ ...key(), d: key().d }] },
    '"TOKEN_KEYS[0]" must be one P-256 key',
  ],
  [
    'a part that is too short',
    { TOKEN_KEYS: [{ ...key(), d: 'AA' }] },
    '"TOKEN_KEYS[0]" must be one P-256 key',
  ],
  [
    'no date',
    { TOKEN_KEYS: [{ ...key(), usedFrom: 'soon' }] },
    '"TOKEN_KEYS[0].usedFrom" must be in ISO 8601',
  ],
  [
    'a short secret',
    { APP_SECRET: 'c2hvcnQ=' },
    '"APP_SECRET" must be at least 32 bytes in base64',
  ],
  ['a secret that is no base64', { APP_SECRET: '-'.repeat(44) }, '"APP_SECRET" must be base64'],
  [
    'a short one in a list',
    { APP_SECRET: [{ secret: 'c2hvcnQ=' }] },
    '"APP_SECRET[0].secret" must be at least 32',
  ],
  ['a list of texts', { APP_SECRET: [makeAppSecret()] }, '"APP_SECRET[0]" must be of type object'],
  [
    'a misspelt field',
    { APP_SECRET: [{ secert: makeAppSecret() }] },
    '"APP_SECRET[0].secret" is required',
  ],
  [
    'no connection string',
    { MONGODB_URI: 'https://u:CANARY@h' },
    '"MONGODB_URI" must begin with mongodb://',
  ],
])('%s: the refusal names the field and the rule', (_what, secrets, says) => {
  expect(refusal(secrets)).toContain(says);
});

test('every fault is told at once, and none shows what is secret', () => {
  const { kid, ...rest } = key();
  const said = refusal({
    MONGODB_URI: 'postgres://user:CANARY1@host',
    TOKEN_KEYS: [
      { ...rest, d: 'CANARY2' },
      { kid: 'b', kty: 'RSA' },
    ],
    APP_SECRET: 'CANARY3',
  });
  for (const field of [
    'MONGODB_URI',
    'TOKEN_KEYS[0].kid',
    'TOKEN_KEYS[1].kty',
    'TOKEN_KEYS[1].d',
    'APP_SECRET',
  ])
    expect(said).toContain(`"${field}"`);
  expect(said).not.toContain('CANARY');
});

test('a secret that is no JSON object is refused by its name, and not shown', () => {
  for (const text of ['CANARY', '{"APP_SECRET":"CANARY"', '["CANARY"]', '"CANARY"', 'null', '']) {
    expect(() => parseSecrets(text, 'mixdown/prod')).toThrow(/^The secrets in mixdown\/prod /);
    expect(() => parseSecrets(text, 'mixdown/prod')).not.toThrow('CANARY');
  }
});
