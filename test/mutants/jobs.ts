import type { Edits } from './edit.ts';

export const jobs: Edits = {
  'src/services/jobs/complete.ts': [
    {
      guarantee: 'what a stale worker wrote is rolled back',
      find: 'if (!done) throw new LostClaim();',
      replace: 'if (!done) return { result, childrenLeft: undefined, done: job };',
      tests: ['test/jobs/run-jobs.test.ts > a stale worker'],
    },
    {
      guarantee: 'a child that nobody waits for ends without effect',
      find: "if (childrenLeft === null) throw new Superseded('The parent job has ended.');",
      replace: '',
      tests: ['test/jobs/fan-out.test.ts'],
      survives:
        'Whatever ends a parent cancels its children in the same transaction, so that they no longer hold their claim.',
    },
    {
      guarantee: 'a success leaves no error of a run before',
      find: "{ set, unset: ['error', ...GIVEN_UP] }",
      replace: '{ set }',
      tests: ['test/jobs/run-jobs.test.ts > a success leaves no error'],
    },
  ],
  'src/services/jobs/fail.ts': [
    {
      guarantee: 'a failure is tried three times',
      find: '|| attempts >= claim.job.maxAttempts',
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > tried again, later each time'],
    },
    {
      guarantee: 'what cannot succeed is not tried again',
      find: '!error.retryable || attempts',
      replace: 'attempts',
      tests: ['test/jobs/run-jobs.test.ts > a ring of its own'],
    },
    {
      guarantee: 'each try comes later',
      find: 'Math.min(4 ** (attempts + 1), LONGEST)',
      replace: 'Math.min(4, LONGEST)',
      tests: ['test/jobs/run-jobs.test.ts > tried again, later each time'],
    },
    {
      guarantee: 'what waits for a failed job is told',
      find: 'await failSubject(tx, type, job, error);',
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > takes every worker along'],
    },
    {
      guarantee: 'a child that fails takes its parent along',
      find: 'family?.parent && (await failParent(tx, family, error))',
      replace: 'family?.parent && null',
      tests: ['test/jobs/fan-out.test.ts > fails for good'],
    },
    {
      guarantee: 'a failed job takes its children along',
      find: 'if (family) await endChildren(tx, type, family);',
      replace: '',
      tests: ['test/jobs/fan-out.test.ts > fails for good'],
    },
  ],
  'src/services/jobs/family.ts': [
    {
      guarantee: 'a parent counts the children of its last claim alone',
      find: "return { _id: parent as UUID, status, 'parts.token': parentToken };",
      replace: 'return { _id: parent as UUID, status };',
      tests: ['test/jobs/fan-out.test.ts > its last claim'],
    },
  ],
  'src/services/jobs/fan-out.ts': [
    {
      guarantee: 'a parent that looks early goes on waiting',
      find: 'return isDone ? children.map',
      replace: 'return children ? children.map',
      tests: ['test/jobs/fan-out.test.ts > goes on waiting'],
    },
    {
      guarantee: 'a parent is woken by its last child',
      find: "const waitsFor = { $cond: [{ $lte: ['$parts.waiting', 0] }, 'WORKER', '$waitsFor'] };",
      replace: "const waitsFor = '$waitsFor';",
      tests: ['test/jobs/fan-out.test.ts > joins what its children'],
    },
    {
      guarantee: 'a stale worker leaves nothing to children',
      find: 'if (!(await update(tx, Job, isHeld(claim), { set }, null))) throw new LostClaim();',
      replace: 'await update(tx, Job, isHeld(claim), { set }, null);',
      tests: ['test/jobs/fan-out.test.ts > a stale worker'],
    },
  ],
  'src/services/jobs/control.ts': [
    {
      guarantee: 'a job that has ended is not cancelled',
      find: "status: { $in: ['QUEUED', 'RUNNING'] }",
      replace: 'status: { $exists: true }',
      tests: ['test/jobs/jobs.test.ts > can be cancelled once'],
    },
    {
      guarantee: 'a job that goes on is not started anew',
      find: "status: { $in: ['FAILED', 'CANCELLED'] }, parent",
      replace: 'parent',
      tests: ['test/jobs/jobs.test.ts > can be cancelled once'],
    },
    {
      guarantee: 'a child is started anew with its parent alone',
      find: ', parent: { $exists: false } };',
      replace: ' };',
      tests: ['test/jobs/fan-out.test.ts > started anew by itself'],
    },
    {
      guarantee: 'what waits for a job that is started anew is told',
      find: 'await resumeSubject(tx, type, job);',
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > cancelling its job ends a track'],
    },
  ],
  'src/services/jobs/subject.ts': [
    {
      guarantee: 'a job says nothing of what waits for another job',
      find: 'const filter = { _id: id, ...subject.waiting(job._id), ...where };',
      replace: 'const filter = { _id: id, ...where };',
      tests: ['test/jobs/run-jobs.test.ts > waits for another job'],
    },
    {
      guarantee: 'a job that nothing waits for does nothing',
      find: "throw new Superseded('No document waits for it.');",
      replace: '',
      tests: ['test/jobs/run-subject.test.ts'],
    },
  ],
  'src/services/jobs/worker.ts': [
    {
      guarantee: 'an error of ours is not shown',
      find: "const message = 'Something went wrong on our side.';",
      replace: 'const message = String(thrown);',
      tests: ['test/jobs/run-jobs.test.ts > an error of ours is not shown'],
    },
    {
      guarantee: 'a child looks whether it is awaited before it runs',
      find: "if (!(await isAwaited(ctx, job))) throw new Superseded('The parent job has ended.');",
      replace: '',
      tests: ['test/jobs/fan-out.test.ts > whose parent has ended'],
    },
    {
      guarantee: 'a job that hangs ends its process',
      find: `return 'STUCK';
  } catch`,
      replace: `return 'DONE';
  } catch`,
      tests: ['test/jobs/run-jobs.test.ts > does not stop after its time'],
    },
    {
      guarantee: 'what a job is told is checked before it runs, too',
      find: 'input: checkInput(type, job.input) },',
      replace: 'input: job.input },',
      tests: ['test/jobs/leases.test.ts > stored before'],
    },
  ],
  'src/services/jobs/scratch-dir.ts': [
    {
      guarantee: 'the folder of a process that works is left alone',
      find: 'if (!pid || isInUse(Number(pid), Number(born))) continue;',
      replace: 'if (!pid) continue;',
      tests: ['test/jobs/scratch-dir.test.ts'],
    },
    {
      guarantee: 'only what is ours is removed',
      find: 'if (!found.isDirectory() || found.uid !== process.getuid?.()) return;',
      replace: 'if (found.uid !== process.getuid?.()) return;',
      tests: ['test/jobs/scratch-dir.test.ts'],
    },
    {
      guarantee: 'a process of the same number is another one',
      find: 'return born === BORN;',
      replace: 'return true;',
      tests: ['test/jobs/scratch-dir.test.ts'],
    },
  ],
  'src/services/jobs/dependencies.ts': [
    {
      guarantee: 'a job waits for all others that it names',
      find: "{ $eq: ['$pending', []] }, 'TIME'",
      replace: "{ $ne: ['$pending', ''] }, 'TIME'",
      tests: ['test/jobs/lifecycle.test.ts > waits for others'],
    },
    {
      guarantee: 'whoever starts to wait is seen by the other job',
      find: '{ $inc: { dependents: 1 } },',
      replace: '{ $inc: { dependents: 0 } },',
      tests: ['test/jobs/lifecycle.test.ts > waits for others'],
    },
  ],
};
