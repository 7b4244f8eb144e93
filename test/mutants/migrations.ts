import type { Edits } from './edit.ts';

export const migrations: Edits = {
  'src/data/migrations/lock.ts': [
    {
      guarantee: 'a lock that is held is not taken',
      find: "const IS_FREE = { $lt: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] };",
      replace: "const IS_FREE = { $lt: [new Date(0), '$$NOW'] };",
      tests: ['test/data/migrations/run.test.ts > a long step keeps the lock'],
    },
    {
      guarantee: 'a long step renews the lock',
      find: 'timer = setInterval(() => renew().catch(() => lost && loss.reject(lost)), lease / 3);',
      replace: '',
      tests: ['test/data/migrations/run.test.ts > a long step keeps the lock'],
    },
    {
      guarantee: 'a runner that lost the lock writes nothing more',
      find: `await renew(session);
        return work(session);`,
      replace: 'return work(session);',
      tests: ['test/data/migrations/run.test.ts > that lost the lock'],
    },
    {
      guarantee: 'a runner that lost the lock does not free that of another',
      find: "await locks.deleteOne({ _id: 'lock', owner });",
      replace: "await locks.deleteOne({ _id: 'lock' });",
      tests: ['test/data/migrations/run.test.ts > that lost the lock'],
    },
    {
      guarantee: 'the open transaction of a dead runner is ended',
      find: 'if (dead?.session) await db.command({ killSessions: [dead.session] });',
      replace: '',
      tests: ['test/data/migrations/kill.test.ts'],
    },
    {
      guarantee: 'another runner is waited for only so long',
      find: 'if (performance.now() - began > patience)',
      replace: 'if (performance.now() - began > patience + 300_000)',
      tests: ['test/data/migrations/run.test.ts > a long step keeps the lock'],
    },
  ],
  'src/data/migrations/batches.ts': [
    {
      guarantee: 'a batch looks at its filter again in its transaction',
      find: '{ $and: [filter, { _id: { $in: ids } }] }',
      replace: '{ _id: { $in: ids } }',
      tests: ['test/data/migrations/batches.test.ts > no longer concerns it'],
    },
    {
      guarantee: 'a killed run goes on after its last batch',
      find: 'return after === undefined ? filter : { $and: [filter, { _id: { $gt: after } }] };',
      replace: 'return after === undefined ? filter : { $and: [filter] };',
      tests: [
        'test/data/migrations/kill.test.ts',
        'test/data/migrations/run.test.ts > between two batches',
      ],
    },
    {
      guarantee: 'a batch and its position are one transaction',
      find: 'if (writes.length > 0) await write(documents, writes, session, name);',
      replace: 'if (writes.length > 0) await write(documents, writes, undefined as never, name);',
      tests: ['test/data/migrations/batches.test.ts > position could not be written'],
    },
    {
      guarantee: 'a step that is over is not run again',
      find: 'if (isOver) return tell(`  ${name}: done before`);',
      replace: '',
      tests: ['test/data/migrations/run.test.ts'],
      survives: 'Behind its last batch there is nothing left to find.',
    },
    {
      guarantee: 'a run stops between two batches when its time is up',
      find: `proceed();
    const found`,
      replace: 'const found',
      tests: ['test/data/migrations/run.test.ts > between two batches'],
    },
  ],
  'src/data/migrations/steps.ts': [
    {
      guarantee: 'nothing is begun with less than a minute left',
      find: 'const ENOUGH = 60_000;',
      replace: 'const ENOUGH = 6000;',
      tests: ['test/data/migrations/run.test.ts > between two batches'],
    },
    {
      guarantee: 'two steps of one name are refused',
      find: 'if (batched.has(key)) throw',
      replace: 'if (false) throw',
      tests: ['test/data/migrations/steps.test.ts > two steps of one name'],
    },
  ],
  'src/data/migrations/plan.ts': [
    {
      guarantee: 'a database that other migrations made is refused',
      find: 'if (!first || unknown.length === 0 || records.some(({ name }) => name === first.id)) return;',
      replace: 'if (unknown) return;',
      tests: ['test/data/migrations/run.test.ts > made by other migrations'],
    },
    {
      guarantee: 'what was cut off is applied again',
      find: "records.filter(({ status }) => status === 'APPLIED').map",
      replace: 'records.map',
      tests: ['test/data/migrations/run.test.ts > cut off is not taken for applied'],
    },
    {
      guarantee: 'a number that is too high is refused',
      find: 'if (wanted <= most) return wanted;',
      replace: 'if (wanted >= 0) return wanted;',
      tests: ['test/data/migrations/run.test.ts > higher than that'],
    },
    {
      guarantee: 'what the code does not have is not undone',
      find: 'if (migration) return migration;',
      replace: 'return migration ?? (all[0] as Migration);',
      tests: ['test/data/migrations/run.test.ts > ids that are unknown'],
    },
  ],
  'src/data/migrations/records.ts': [
    {
      guarantee: 'an upgrade does not go on where a downgrade was cut off',
      find: 'known.progress?.direction === direction;',
      replace: 'known.progress !== undefined;',
      tests: ['test/data/migrations/run.test.ts > cut off is not taken for applied'],
      survives: 'Its steps may be run again, and only those in batches have positions.',
    },
  ],
  'src/data/migrations/change-documents.ts': [
    {
      guarantee: 'a field that is there is not filled in',
      find: 'if (!(name in holder)) $set[path + name] = value;',
      replace: '$set[path + name] = value;',
      tests: ['test/data/migrations/documents.test.ts > one that is there stays'],
    },
    {
      guarantee: 'a change raises the version',
      find: 'return { $set, $unset, $inc: { version: 1 } };',
      replace: 'return { $set, $unset };',
      tests: ['test/data/migrations/documents.test.ts > a field is renamed'],
    },
  ],
};
