import type { Edits } from './edit.ts';

export const audit: Edits = {
  'src/data/write.ts': [
    {
      guarantee: 'a new document is audited',
      find: 'if (entity.options.audited !== false) {',
      replace: 'if (false) {',
      tests: ['test/projects/projects.test.ts > each write is audited'],
    },
    {
      guarantee: 'a change is audited',
      find: 'if (entity.options.audited !== false && action) {',
      replace: 'if (false) {',
      tests: ['test/projects/projects.test.ts > each write is audited'],
    },
    {
      guarantee: 'of a long value before a change the log tells the size',
      find: '{ $gt: [size, 2048] }',
      replace: '{ $gt: [size, 2_000_000] }',
      tests: ['test/audit/long-values.test.ts'],
    },
    {
      guarantee: 'of a secret before a change the log tells nothing',
      find: 'isMasked(entity, path) ? markBefore(path) :',
      replace: 'false ? markBefore(path) :',
      tests: ['test/data/encrypted-fields.test.ts > is in the audit log'],
    },
    {
      guarantee: 'what is not in a log entry is not in that of a change',
      find: '.filter(([path]) => isAudited(entity, path))',
      replace: '',
      tests: [
        'test/account/auth.test.ts > when the password is changed',
        'test/audit/audit-events.test.ts > contain no password',
      ],
    },
    {
      guarantee: 'a change raises the version',
      find: "version: { $add: ['$version', 1] },",
      replace: "version: '$version',",
      tests: ['test/projects/projects.test.ts > under a new ETag'],
    },
  ],
  'src/data/audit.ts': [
    {
      guarantee: 'of a long value the log tells the length',
      find: 'length > LONGEST ?',
      replace: 'length < 0 ?',
      tests: ['test/audit/long-values.test.ts'],
    },
    {
      guarantee: 'a value of 2048 characters is told whole',
      find: 'const LONGEST = 2048;',
      replace: 'const LONGEST = 2047;',
      tests: ['test/audit/long-values.test.ts'],
    },
    {
      guarantee: 'a hidden field is in no entry',
      find: 'if (field.hidden) return false;',
      replace: '',
      tests: ['test/audit/audit-events.test.ts > contain no password'],
    },
    {
      guarantee: 'of a secret the log tells nothing',
      find: 'value !== null && isMasked(entity, path) ? ENCRYPTED_MARK :',
      replace: 'false ? ENCRYPTED_MARK :',
      tests: ['test/data/encrypted-fields.test.ts > is in the audit log'],
    },
    {
      guarantee: 'where an administrator sits is not told to others',
      find: 'if (isByAnother) delete rest.ip;',
      replace: '',
      tests: ['test/account/security-events.test.ts > the address of an administrator'],
    },
  ],
  'src/services/audit/chain.ts': [
    {
      guarantee: 'the chain is asked for once a second',
      find: '(requestedAt && isWithin(requestedAt, DELAY * 1000))',
      replace: '(requestedAt && isWithin(requestedAt, 0))',
      tests: ['test/clocks/caches.test.ts > the audit chain is asked for again'],
    },
    {
      guarantee: 'what was appended no longer waits',
      find: 'await clearWaiting(waiting, placed);',
      replace: '',
      tests: [
        'test/audit/costs.test.ts',
        'test/audit/appending.test.ts > neither it nor what came later waits',
      ],
    },
    {
      guarantee: 'what was appended is metered',
      find: 'events.filter(({ _id }) => placed.has(idText(_id))),',
      replace: '[],',
      tests: ['test/metering/facts.test.ts > documents and bytes are counted'],
    },
    {
      guarantee: 'an error in one chain is not passed over',
      find: 'if (errors.length > 0) throw errors[0];',
      replace: '',
      tests: ['test/audit/appending.test.ts > an error in one chain'],
    },
    {
      guarantee: 'the event of a deletion gets its place in a chain',
      find: '...waiting.documents.flatMap((document) => document.events), ...waiting.loose]',
      replace: '...waiting.documents.flatMap((document) => document.events)]',
      tests: ['test/audit/appending.test.ts > has appended first'],
    },
  ],
  'src/services/audit/append.ts': [
    {
      guarantee: 'an entry is appended once, though its run was cut off',
      find: 'events.filter(({ _id }) => !known.has(idText(_id)))',
      replace: 'events.filter(({ _id }) => _id)',
      tests: ['test/audit/appending.test.ts > cut off after appending'],
      survives: 'The index refuses it a second time, and the next round goes on behind it.',
    },
    {
      guarantee: 'an event that another run has appended leaves no gap',
      find: '{ ordered: true }',
      replace: '{ ordered: false }',
      tests: ['test/audit/appending.test.ts > has appended first'],
    },
    {
      guarantee: 'of two runs one wins, and the other begins anew',
      find: 'if (isDuplicate(error) && count < entries.length) return count;',
      replace: '',
      tests: ['test/audit/appending.test.ts > without gaps'],
    },
    {
      guarantee: 'an entry that makes no valid event does not stop the chain',
      find: 'if (!isInvalid(error) || !refused || refused.action === REFUSED) throw error;',
      replace: 'if (error) throw error;',
      tests: ['test/audit/appending.test.ts > makes no valid event'],
    },
    {
      guarantee: 'what is personal in an event is stored encrypted',
      find: 'await protectValues(ctx, event)',
      replace: 'event',
      tests: ['test/audit/appending.test.ts > nobody reads in the database'],
    },
  ],
  'src/services/audit/share-out.ts': [
    {
      guarantee: 'who fills a batch leaves half of it to others',
      find: 'if (ofCrowds.length <= half) return oldest;',
      replace: 'if (half) return oldest;',
      tests: ['test/audit/one-subject.test.ts > no more than a batch'],
    },
  ],
  'src/services/audit/subjects.ts': [
    {
      guarantee: 'a subject whose key is damaged holds up nobody',
      find: "if (!(error instanceof AppError && error.code === 'UNREADABLE')) throw error;",
      replace: 'if (error) throw error;',
      tests: ['test/audit/one-subject.test.ts > keeps nobody else waiting'],
    },
  ],
  'src/services/audit/waiting.ts': [
    {
      guarantee: 'a document that somebody holds in a transaction holds up nothing else',
      find: ', { maxTimeMS: PATIENCE });',
      replace: ');',
      tests: ['test/audit/appending.test.ts > holds in a transaction'],
    },
  ],
  'src/services/audit/entry.ts': [
    {
      guarantee: 'a chain has no gaps',
      find: 'sequence: sequence + 1, previousHash',
      replace: 'sequence: sequence + 2, previousHash',
      tests: ['test/audit/appending.test.ts > without gaps'],
    },
    {
      guarantee: 'each entry holds the hash of the one before',
      find: '{ chain, sequence, hash: previousHash }: Head,',
      replace: "{ chain, sequence, hash: _hash }: Head, previousHash = '', //",
      tests: ['test/audit/appending.test.ts > without gaps'],
    },
    {
      guarantee: 'a hash is that of its entry',
      find: 'return isSameSignature(',
      replace: 'return true || isSameSignature(',
      tests: ['test/audit/tampering.test.ts > edits an entry'],
    },
  ],
  'src/services/audit/verify.ts': [
    {
      guarantee: 'an entry follows the one before',
      find: 'if (entry.previousHash !== last.hash)',
      replace: 'if (false)',
      tests: ['test/audit/tampering.test.ts'],
      survives: 'an entry with another place before it has another hash, which is looked at first',
    },
    {
      guarantee: 'an entry is the one of its checkpoint',
      find: 'if (anchor && anchor.hash !== entry.hash)',
      replace: 'if (false)',
      tests: ['test/audit/tampering.test.ts > lets the product append others'],
    },
    {
      guarantee: 'a chain has what the checkpoints say',
      find: 'if (last.sequence < end) {',
      replace: 'if (false) {',
      tests: ['test/audit/tampering.test.ts > cuts off the end, of before'],
    },
    {
      guarantee: 'a missing entry is named',
      find: 'if (entry.sequence > place) {',
      replace: 'if (false) {',
      tests: ['test/audit/tampering.test.ts > deletes an entry'],
    },
    {
      guarantee: 'an entry outside of the chains is named',
      find: 'faults.push(...(await findStrays()));',
      replace: '',
      tests: ['test/audit/tampering.test.ts > outside of the chains'],
    },
    {
      guarantee: 'an entry must be in a checkpoint after a while',
      find: 'if (uncovered) {',
      replace: 'if (false) {',
      tests: ['test/audit/checkpoints.test.ts'],
    },
  ],
  'src/services/audit/checkpoints.ts': [
    {
      guarantee: 'a log that was cut gets no checkpoint',
      find: 'if (!isRestored) await refuseLoss(',
      replace: 'if (false) await refuseLoss(',
      tests: ['test/audit/checkpoints.test.ts'],
    },
    {
      guarantee: 'a checkpoint is made when one is due, and not before',
      find: 'if (age >= EVERY) await makeCheckpoint(ctx, newest);',
      replace: 'await makeCheckpoint(ctx, newest);',
      tests: ['test/audit/checkpoints.test.ts'],
    },
    {
      guarantee: 'of a checkpoint that was overwritten the first version counts',
      find: '.reverse()) {',
      replace: '.slice(0, 1)) {',
      tests: ['test/audit/checkpoints.test.ts'],
    },
  ],
  'src/services/audit/checkpoint-text.ts': [
    {
      guarantee: 'a checkpoint says what was signed',
      find: 'if (!isTextSigned(key.checkpoints, canonicalJson(checkpoint), signature)) return undefined;',
      replace: '',
      tests: ['test/audit/checkpoints.test.ts'],
    },
    {
      guarantee: 'a checkpoint under the name of another is none',
      find: '|| checkpoint?.name !== name',
      replace: '',
      tests: ['test/audit/checkpoints.test.ts'],
    },
  ],
  'src/services/audit/anchors.ts': [
    {
      guarantee: 'a checkpoint that was overwritten or deleted is named',
      find: 'stored.flatMap(describeChanges)',
      replace: '[]',
      tests: ['test/audit/checkpoints.test.ts'],
    },
    {
      guarantee: 'after a restore former checkpoints are not held against the log',
      find: 'checkpoints.slice(Math.max(0, restored))',
      replace: 'checkpoints',
      tests: ['test/audit/checkpoints.test.ts'],
    },
  ],
  'src/data/remove.ts': [
    {
      guarantee: 'what waited in the outbox of a deleted document is told',
      find: 'insertMany([...waiting, ...events], {',
      replace: 'insertMany(events, {',
      tests: ['test/projects/projects.test.ts > each write is audited'],
    },
    {
      guarantee: 'the audit event of a deletion is written with it',
      find: `await tellRemoval(ctx, entity, gone, action);
  const objects`,
      replace: 'const objects',
      tests: ['test/projects/projects.test.ts > each write is audited'],
    },
  ],
};
