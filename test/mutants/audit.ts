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
      guarantee: 'the chain has no gaps',
      find: 'const sequence = last.sequence + 1;',
      replace: 'const sequence = last.sequence + 2;',
      tests: ['test/audit/audit-events.test.ts > one chain without gaps'],
    },
    {
      guarantee: 'each event holds the hash of the one before',
      find: 'hash: hashEvent(event, sequence, last.hash),',
      replace: "hash: hashEvent(event, sequence, ''),",
      tests: ['test/audit/audit-events.test.ts > one chain without gaps'],
    },
    {
      guarantee: 'an entry is appended once, though its run was cut off',
      find: 'all.filter(({ _id }) => !known.has(idText(_id)))',
      replace: 'all',
      tests: ['test/audit/audit-events.test.ts > cut off after appending'],
    },
    {
      guarantee: 'an event that another run has appended leaves no gap',
      find: '{ ordered: true, bypassDocumentValidation }',
      replace: '{ ordered: false, bypassDocumentValidation }',
      tests: ['test/audit/audit-events.test.ts > has appended first'],
    },
    {
      guarantee: 'the event of a deletion gets its place in the chain',
      find: 'const all = [...waiting.flatMap(({ events }) => events), ...loose];',
      replace: 'const all = waiting.flatMap(({ events }) => events);',
      tests: ['test/audit/audit-events.test.ts > has appended first'],
    },
    {
      guarantee: 'of two runs one wins, and the other begins anew',
      find: 'if (isDuplicate(error)) return undefined;',
      replace: '',
      tests: ['test/audit/audit-events.test.ts > one chain without gaps'],
    },
    {
      guarantee: 'an entry that makes no valid event does not stop the chain',
      find: 'if (!isInvalid(error) || bypassDocumentValidation) throw error;',
      replace: 'if (error) throw error;',
      tests: ['test/audit/audit-events.test.ts > makes no valid event'],
    },
    {
      guarantee: 'what was appended no longer waits',
      find: 'await clearOutboxes(waiting);',
      replace: '',
      tests: ['test/audit/costs.test.ts'],
    },
    {
      guarantee: 'the chain is asked for once a second',
      find: '(requestedAt && isWithin(requestedAt, DELAY * 1000))',
      replace: '(requestedAt && isWithin(requestedAt, 0))',
      tests: ['test/clocks/caches.test.ts > the audit chain is asked for again'],
    },
    {
      guarantee: 'a hash covers what happened',
      find: 'canonicalJson([sequence, previousHash, content])',
      replace: 'canonicalJson([sequence, previousHash])',
      tests: ['test/audit/audit-events.test.ts > one chain without gaps'],
    },
  ],
  'src/data/remove.ts': [
    {
      guarantee: 'what waited in the outbox of a deleted document is told',
      find: 'insertMany([...missing, ...events], {',
      replace: 'insertMany(events, {',
      tests: ['test/projects/projects.test.ts > each write is audited'],
    },
    {
      guarantee: 'it is told once',
      find: 'return events.filter((e) => !there.has(idText(e._id)));',
      replace: 'return events;',
      tests: ['test/audit/audit-events.test.ts > each entry is there once'],
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
