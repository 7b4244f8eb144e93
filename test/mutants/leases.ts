import type { Edits } from './edit.ts';

export const leases: Edits = {
  'src/services/jobs/held.ts': [
    {
      guarantee: 'a stale worker writes nothing',
      find: "status: 'RUNNING', 'lease.token': token }",
      replace: "status: 'RUNNING' }",
      tests: ['test/jobs/run-jobs.test.ts > a stale worker'],
    },
    {
      guarantee: 'a job that has ended is written by nobody',
      find: "{ _id: job._id, status: 'RUNNING', 'lease.token': token }",
      replace: "{ _id: job._id, 'lease.token': token }",
      tests: ['test/jobs/run-jobs.test.ts > learns within seconds'],
    },
  ],
  'src/services/jobs/queue.ts': [
    {
      guarantee: 'a worker whose time is up has lost the job once',
      find: 'losses: claim.job.losses + 1',
      replace: 'losses: claim.job.losses',
      tests: ['test/jobs/run-jobs.test.ts > whose time runs out'],
    },
    {
      guarantee: 'a job that is put back is rung for',
      find: 'await ringJobs(ctx, claim.job, delay);',
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > a ring of its own'],
    },
  ],
  'src/services/jobs/claim.ts': [
    {
      guarantee: "a job whose lease holds is its worker's",
      find: "queue: queue ?? ANY_QUEUE, ...hasCome(ctx, 'lease.until') }",
      replace: 'queue: queue ?? ANY_QUEUE }',
      tests: ['test/jobs/run-jobs.test.ts > at a time, however many'],
    },
    {
      guarantee: 'each claim has a greater token',
      find: "{ $add: [{ $ifNull: ['$lease.token', 0] }, 1] }",
      replace: "{ $add: [{ $ifNull: ['$lease.token', 0] }, 0] }",
      tests: ['test/jobs/run-jobs.test.ts > a stale worker'],
    },
    {
      guarantee: 'a lost lease is counted',
      find: "losses: { $add: ['$losses', 1] }",
      replace: "losses: '$losses'",
      tests: ['test/jobs/leases.test.ts > each lease that runs out'],
    },
    {
      guarantee: 'a job that has lost too many workers is ended',
      find: 'const MOST_LOSSES = 25;',
      replace: 'const MOST_LOSSES = 2500;',
      tests: ['test/jobs/leases.test.ts > each lease that runs out'],
    },
    {
      guarantee: 'a job that has lost some workers goes on',
      find: 'const MOST_LOSSES = 25;',
      replace: 'const MOST_LOSSES = 5;',
      tests: ['test/jobs/run-jobs.test.ts > survives ten lost leases'],
    },
    {
      guarantee: 'users take turns',
      find: 'sort: { turn: 1 }',
      replace: 'sort: { turn: -1 }',
      tests: ['test/jobs/run-jobs.test.ts > the most urgent job'],
    },
    {
      guarantee: 'a job without a handler stays queued',
      find: '{ ...waiting, type: { $in: [...types.keys()] } },',
      replace: '{ ...waiting },',
      tests: ['test/jobs/run-jobs.test.ts > of a type without a handler'],
    },
  ],
  'src/services/jobs/admit.ts': [
    {
      guarantee: 'a job waits for its time',
      find: "queue: queue ?? ANY_QUEUE, ...hasCome(ctx, 'runAfter') },",
      replace: 'queue: queue ?? ANY_QUEUE },',
      tests: ['test/jobs/run-jobs.test.ts > the most urgent job'],
    },
    {
      guarantee: 'a job waits for a slot of its limit',
      find: 'if (limit) {',
      replace: 'if (!limit) {',
      tests: ['test/jobs/limits.test.ts > many jobs run at once as may'],
    },
  ],
  'src/services/jobs/turns.ts': [
    {
      guarantee: 'who comes later joins before the backlog of another',
      find: 'next - ((next + 1) % 2)',
      replace: 'next + 1_000_000',
      tests: ['test/jobs/fairness.test.ts'],
    },
    {
      guarantee: 'each further job of a user comes a round later',
      find: "step('$last'), entry]",
      replace: 'entry, entry]',
      tests: ['test/jobs/fairness.test.ts'],
    },
    {
      guarantee: 'each further job of a user comes a round later, where many are placed at once',
      find: 'last >= entry ? followingTurn(last) : entry',
      replace: 'entry',
      tests: ['test/jobs/turns.test.ts > turns of many users'],
    },
    {
      guarantee: 'of turns that were taken meanwhile none is taken again',
      find: 'return matchedCount === updates.length;',
      replace: 'return true;',
      tests: ['test/jobs/turns.test.ts > turns of many users'],
    },
    {
      guarantee: 'an urgent job changes the turns of its own user alone',
      find: '    ...ownLane(queue, user),\n    status',
      replace: '    queue,\n    status',
      tests: ['test/jobs/fairness.test.ts > a priority orders'],
    },
  ],
  'src/services/jobs/heartbeat.ts': [
    {
      guarantee: 'a lease is renewed while there is no progress to tell',
      find: '(isNews || performance.now() - heardAt > HEARTBEAT)',
      replace: 'isNews',
      tests: ['test/jobs/leases.test.ts > no progress to tell'],
    },
    {
      guarantee: 'a heartbeat renews the lease',
      find: "{ $set: { 'lease.until': databaseTime(ctx, LEASE), ...shown } }",
      replace: '{ $set: { ...shown } }',
      tests: ['test/jobs/leases.test.ts > no progress to tell'],
    },
    {
      guarantee: 'a worker that cannot renew its lease stops',
      find: "if (performance.now() - heardAt > LEASE) abort('LOST');",
      replace: '',
      tests: ['test/jobs/leases.test.ts > could not be renewed'],
    },
    {
      guarantee: 'a worker stops before its function ends',
      find: "if (timeLeft() < RESERVE) abort('OUT_OF_TIME');",
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > whose time runs out'],
    },
    {
      guarantee: 'a run that takes too long is stopped',
      find: "if (performance.now() - startedAt > 1000 * timeout) abort('TIMED_OUT');",
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > does not stop after its time'],
    },
    {
      guarantee: 'a worker stops when its job is cancelled',
      find: "else abort('LOST');",
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > learns within seconds'],
    },
    {
      guarantee: 'progress never goes back',
      find: "progress: { $max: ['$progress', Math.floor(progress)] },",
      replace: 'progress: Math.floor(progress),',
      tests: ['test/jobs/run-jobs.test.ts > progress never goes back'],
    },
  ],
};
