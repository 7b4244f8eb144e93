import type { Edits } from './edit.ts';

export const idempotency: Edits = {
  'src/api/http/idempotency.ts': [
    {
      guarantee: 'what must not be done twice needs a key',
      find: 'if (key !== undefined || !needsKey) return key;',
      replace: 'return key;',
      tests: ['test/payments/refusals.test.ts > without an Idempotency-Key'],
    },
    {
      guarantee: "the key of a user is nobody else's",
      find: "'id' in ctx.actor ? idText(ctx.actor.id) :",
      replace: "'id' in ctx.actor ? '' :",
      tests: ['test/projects/projects.test.ts > of another user is another key'],
    },
    {
      guarantee: 'the key of somebody without a token is that of the address',
      find: '`anonymous ${readNetwork(ctx.ip)} ',
      replace: '`anonymous ',
      tests: ['test/api/idempotency-keys.test.ts > without a token'],
    },
    {
      guarantee: 'the key of somebody without a token is that of the account they name',
      find: "${String(account ?? '').toLowerCase()}`",
      replace: '`',
      tests: ['test/api/idempotency-keys.test.ts > without a token'],
    },
    {
      guarantee: 'a key is of one request',
      find: 'if (record && !listFingerprints(text).includes(record.fingerprint)) {',
      replace: 'if (false) {',
      tests: ['test/projects/projects.test.ts > with another body is refused'],
    },
    {
      guarantee: 'a key that has done something before its failure stays that of its request',
      find: 'await releaseRun(ctx, own, wrote && !isRefusal(error));',
      replace: 'await releaseRun(ctx, own, false);',
      tests: ['test/api/idempotency.test.ts > that of the same request alone'],
    },
    {
      guarantee: 'a key that has done nothing is free for any request',
      find: 'await releaseRun(ctx, own, wrote && !isRefusal(error));',
      replace: 'await releaseRun(ctx, own, true);',
      tests: ['test/api/idempotency.test.ts > before anything was written'],
    },
    {
      guarantee: 'a refused request frees its key',
      find: 'if (!(error instanceof AppError) || STATUS[error.code] >= 500) return false;',
      replace: 'return false;',
      tests: ['test/projects/projects.test.ts > with another body is refused'],
      survives: 'What is refused has written nothing, and is freed for that already.',
    },
    {
      guarantee: 'an answer is stored encrypted',
      find: 'const encrypted = encryptAnswer(answer, text);',
      replace: 'const encrypted = Buffer.from(JSON.stringify(answer));',
      tests: ['test/account/auth.test.ts > stored encrypted'],
    },
    {
      guarantee: 'an answer that is given again says so',
      find: "{ ...answer.headers, 'idempotent-replayed': 'true' }",
      replace: '{ ...answer.headers }',
      tests: ['test/projects/projects.test.ts > replays the first answer'],
    },
  ],
  'src/api/http/key-runs.ts': [
    {
      guarantee: 'an answer is kept for 24 hours',
      find: 'const STORED = 24 * 3600 * 1000;',
      replace: 'const STORED = 4 * 60 * 1000;',
      tests: ['test/api/idempotency-keys.test.ts > 24 hours'],
    },
    {
      guarantee: 'a try that gives no answer holds its key for 35 s',
      find: 'const RUNNING = 35_000;',
      replace: 'const RUNNING = 3500;',
      tests: ['test/api/idempotency-keys.test.ts > 35 s'],
    },
    {
      guarantee: 'a try that gives no answer does not hold it for longer',
      find: 'const RUNNING = 35_000;',
      replace: 'const RUNNING = 350_000;',
      tests: ['test/api/idempotency-keys.test.ts > 35 s'],
    },
    {
      guarantee: 'after a failure the same request may run at once',
      find: '{ $set: { runningUntil: LONG_AGO } }',
      replace: '{ $set: { version: 1 } }',
      tests: ['test/api/idempotency.test.ts > that of the same request alone'],
    },
    {
      guarantee: 'while the first try runs, no other does',
      find: ", ...hasCome(ctx, 'runningUntil') },",
      replace: ' },',
      tests: ['test/api/idempotency-keys.test.ts > 35 s'],
    },
    {
      guarantee: 'what the database could not be told is told with the next key',
      find: 'remember(ended);',
      replace: '',
      tests: ['test/api/idempotency-keys.test.ts > one that failed, and could not say so'],
    },
    {
      guarantee: 'a key whose beginning was never answered is not held',
      find: 'remember(endRun(own));',
      replace: '',
      tests: ['test/api/idempotency-keys.test.ts > and was never told so'],
    },
    {
      guarantee: 'a key that another run has taken over is not freed by the first one',
      find: '[{ $set: { runningUntil, run } }]',
      replace: '[{ $set: { runningUntil } }]',
      tests: ['test/api/idempotency.test.ts > leaves the key to that one'],
    },
  ],
  'src/api/http/serve.ts': [
    {
      guarantee: 'a request with another query is another one',
      find: 'const asked = [...Object.values(params), ...[...query].flat()];',
      replace: 'const asked = [...Object.values(params)];',
      tests: ['test/api/idempotency-keys.test.ts > another path or query'],
    },
    {
      guarantee: 'a request for another document is another one',
      find: 'const asked = [...Object.values(params), ...[...query].flat()];',
      replace: 'const asked = [...query].flat();',
      tests: ['test/api/idempotency-keys.test.ts > another path or query'],
    },
  ],
  'src/data/write.ts': [
    {
      guarantee: 'a create takes the id that was promised to its key',
      find: '(values._id as UUID | undefined) ?? promisedId ?? newId',
      replace: '(values._id as UUID | undefined) ?? newId',
      tests: ['test/api/idempotency-keys.test.ts > cut off before its answer'],
    },
    {
      guarantee: 'a create that was cut off is answered with what it has made',
      find: 'if (made) return made;',
      replace: '',
      tests: ['test/api/idempotency-keys.test.ts > cut off before its answer'],
    },
    {
      guarantee: 'a promised id is taken once',
      find: 'if (promisedId) ctx.promisedId = undefined;',
      replace: '',
      tests: ['test/api/idempotency-keys.test.ts > that is promised to a key'],
    },
    {
      guarantee: 'before the first write its request is told',
      find: `ctx.noteWrite?.();
  try {
    await store`,
      replace: `try {
    await store`,
      tests: ['test/api/idempotency.test.ts > that of the same request alone'],
    },
  ],
  'src/data/transaction.ts': [
    {
      guarantee: 'a transaction counts as a write',
      find: 'ctx.noteWrite?.();',
      replace: '',
      tests: ['test/api/idempotency.test.ts > written in a transaction'],
      survives:
        'What is written in it notes itself: this is for what a transaction writes past the functions that do.',
    },
  ],
  'src/routes/uploads/bulk.ts': [
    {
      guarantee: 'each of many has a reserved id of its own',
      find: 'promisedId && nthId(promisedId, n)',
      replace: 'promisedId',
      tests: ['test/uploads/bulk.test.ts > under an Idempotency-Key'],
    },
    {
      guarantee: 'of many, an error of ours fails all, so that a retry completes them',
      find: 'if (problem.status >= 500 && promisedId) throw error;',
      replace: '',
      tests: ['test/uploads/bulk.test.ts > an error of ours'],
    },
    {
      guarantee: 'one call makes at most 100 media',
      find: 'const MOST_ITEMS = 100;',
      replace: 'const MOST_ITEMS = 101;',
      tests: ['test/uploads/bulk.test.ts > 1 to 100 media'],
    },
  ],
};
