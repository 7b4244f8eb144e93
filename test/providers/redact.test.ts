import '../harness/place.ts';
import { Logger } from '@aws-lambda-powertools/logger';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { entities, type Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { AppError } from '../../src/errors.ts';
import { Migration, Project, User } from '../../src/models/index.ts';
import { redact, redactText } from '../../src/providers/redact.ts';
import { given } from '../harness/given.ts';
import { sampleOf } from '../harness/sample.ts';

/** What a log line would be. */
function logged(message: string, more: object): string {
  const log = new Logger({ logLevel: 'DEBUG', jsonReplacerFn: redact });
  const write = vi.spyOn((log as never as { console: Console }).console, 'error');
  let line = '';
  write.mockImplementation((text) => {
    line += text;
  });
  log.error(message, more as never);
  write.mockRestore();
  expect(line).toContain('"level":"ERROR"');
  return line;
}

const failed = (work: () => unknown): Promise<Error> =>
  Promise.resolve()
    .then(work)
    .then(() => expect.fail('it did not fail'))
    .catch((error: Error) => error);

test('a document of any entity that is logged by mistake shows its id and nothing else', () => {
  for (const entity of entities.values()) {
    const document = sampleOf(entity.shape) as Stored;
    const { found, list } = JSON.parse(
      logged('A mistake.', { found: document, list: [{ deep: document }] }),
    );
    const shown = { _id: String(document._id) };
    expect({ found, list }, entity.name).toEqual({ found: shown, list: [{ deep: shown }] });
  }
});

test('errors of others are logged with name, message and code, and without the values that they quote', async () => {
  const { email } = await given.user();
  const text = 'CANARY of a prompt';
  const ctx = systemCtx('test');
  const user = { _id: newId(Date.now()), email, username: 'CANARY', createdAt: new Date() };
  const errors = await Promise.all([
    // What is taken, what the validator refuses, what is not allowed: MongoDB tells the values.
    failed(() => User.collection.updateOne({ email: 'x' }, { $set: { _id: 1 as never, email } })),
    failed(async () => {
      const other = await given.user();
      await User.collection.updateOne({ _id: new UUID(other.id) }, { $set: { email } });
    }),
    failed(() => Project.collection.insertOne({ ...user, name: text } as never)),
    failed(() => Migration.collection.findOne({ name: text })),
    failed(() => User.collection.findOne({ $where: text } as never)),
    failed(() => insert(ctx, Project, { user: newId(Date.now()), name: { text } })),
    failed(() => JSON.parse(`{"prompt":"CANARY","${text}`)),
    failed(() => JSON.parse('CANARY')),
    failed(() => new Project.model({ trackCount: text }).validate()),
    failed(() => new URL('CANARY of a prompt')),
  ]);
  for (const error of errors) {
    const wrapped = new AppError('INTERNAL', 'An internal error occurred.', { cause: error });
    for (const line of [
      logged('It failed.', { error }),
      logged('It failed.', { error: wrapped }),
    ]) {
      expect(line).not.toContain('CANARY');
      expect(line).not.toContain(email);
      expect(line).toContain(error.name);
    }
  }
  expect(logged('It failed.', { error: errors[1] })).toMatch(/E11000.*"code":11000/);
});

test.each([
  ['ada@example.com', 'no account for ada@example.com here'],
  ['203.0.113.7', 'call of 203.0.113.7'],
  ['2001:db8::1', 'call of 2001:db8::1'],
  ['hunter2', 'mongodb://ada:hunter2@db.example.com/x'],
  ['whsec_abcdef123456', 'signed by whsec_abcdef123456'],
  ['rpa_CANARY_KEY', 'key rpa_CANARY_KEY was refused'],
  [
    'eyJhbGciOiJFUzI1NiJ9AAAA',
    `token eyJhbGciOiJFUzI1NiJ9AAAA.${'b'.repeat(40)}.${'c'.repeat(40)}`,
  ],
  ['abc123', 'Authorization: Bearer abc123'],
  ['deadbeef', 'GET https://s3/x?X-Amz-Signature=deadbeef'],
  ['q1w2', 'link https://app/reset?token=q1w2'],
  ['A train at night', 'cannot read "A train at night"'],
])('%s appears in no log line', (secret, text) => {
  expect(redactText(text)).not.toContain(secret);
  expect(logged(text, {})).not.toContain(secret);
});

test('what finds a fault stays: ids, times, own addresses, places in the code', () => {
  for (const text of [
    'Job 01a2264c-30b7-7000-a788-460e2c64dc40 of 2026-11-29T12:05:06.123Z failed.',
    'connect ECONNREFUSED 127.0.0.1:27017',
    '    at send (file:///app/node_modules/@aws-sdk/client-s3/dist/index.mjs:12:34)',
    'media/01a2264c-30b7-7000-a788-460e2c64dc40/tracks/01a2264c-30b7-7000-a788-460e2c64dc41/original',
    'Track.name must be a "string"',
  ]) {
    expect(redactText(text)).toBe(text);
  }
});

test('a long text of any kind is redacted at once', () => {
  for (const piece of ['a', '@', 'a@', '"', '`', '1.', '::', '{', 'a.', '-', 'a@a.', '?', '://']) {
    const began = performance.now();
    redactText(piece.repeat(100_000 / piece.length));
    expect(performance.now() - began, piece).toBeLessThan(2000);
  }
});
