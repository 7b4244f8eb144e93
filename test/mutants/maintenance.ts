import type { Edits } from './edit.ts';

export const maintenance: Edits = {
  'src/data/clock-difference.ts': [
    {
      guarantee: 'nothing is deleted for its age where the clocks differ by more than a minute',
      find: 'if (Math.abs(difference) <= MOST) return undefined;',
      replace: 'if (difference < Number.POSITIVE_INFINITY) return undefined;',
      tests: ['test/clocks/deleting.test.ts > nothing is deleted for its age'],
    },
    {
      guarantee: 'a host that is less than a minute apart deletes',
      find: 'const MOST = 60_000;',
      replace: 'const MOST = 10_000;',
      tests: ['test/clocks/deleting.test.ts > 50 s ahead'],
    },
  ],
  'src/data/database-time.ts': [
    {
      guarantee: "what has come is judged by the database's clock",
      find: `const ahead = ctx.clock === hostClock ? 0 : ctx.clock() - Date.now();
  return ahead + ms === 0 ? '$$NOW' : { $add: ['$$NOW', ahead + ms] };`,
      replace: 'return new Date(ctx.clock() + ms) as never;',
      tests: ['test/clocks/jobs.test.ts > leaves a job whose lease holds'],
    },
  ],
  'src/services/maintenance/orphans.ts': [
    {
      guarantee: 'what a crash left without its parent is deleted',
      find: 'for (const { _id } of orphans) await removeAndSweep(ctx, entity, { _id });',
      replace: '',
      tests: ['test/maintenance/reconcile.test.ts > left without its project'],
    },
    {
      guarantee: 'what has its parent stays',
      find: '{ $match: { parents: { $size: 0 } } },',
      replace: '',
      tests: ['test/maintenance/reconcile.test.ts > left without its project'],
    },
  ],
  'src/services/maintenance/reconcile.ts': [
    {
      guarantee: 'where the clocks differ nothing is deleted',
      find: '(refused ? 0 : count(task))',
      replace: 'count(task)',
      tests: ['test/clocks/deleting.test.ts > nothing is deleted for its age'],
    },
    {
      guarantee: 'where the clocks differ no upload is deleted',
      find: 'findLostUploads(ctx, !refused)',
      replace: 'findLostUploads(ctx, true)',
      tests: ['test/clocks/deleting.test.ts > nothing is deleted for its age'],
    },
    {
      guarantee: 'a job whose message was lost is rung for',
      find: 'for (const job of jobs) await ringJobs(ctx, job);',
      replace: '',
      tests: ['test/maintenance/reconcile.test.ts > whose message or whose worker was lost'],
    },
    {
      guarantee: 'a job whose worker was lost is rung for',
      find: 'await ringJobs(ctx, { _id, queue }, Math.max(0, Math.ceil(left / 1000) + 1));',
      replace: 'void left;',
      tests: ['test/maintenance/reconcile.test.ts > whose message or whose worker was lost'],
    },
    {
      guarantee: 'the mark of a removal that goes on is left alone',
      find: "...hasCome(ctx, 'removing', 60_000)",
      replace: '',
      tests: ['test/maintenance/reconcile.test.ts > the mark of a removal'],
    },
    {
      guarantee: 'the mark that a crash left is cleared',
      find: 'await entity.collection.updateMany(isOld, { $unset: { removing: 1 } });',
      replace: '',
      tests: ['test/maintenance/reconcile.test.ts > the mark of a removal'],
    },
    {
      guarantee: 'the trash is emptied',
      find: 'await countDeleted(() => emptyTrash(ctx))',
      replace: '0',
      tests: ['test/clocks/deleting.test.ts > nothing is deleted for its age'],
    },
  ],
  'src/services/maintenance/objects/check.ts': [
    {
      guarantee: 'a young object is left alone',
      find: 'o.changedAt.getTime() <= before',
      replace: 'o.changedAt.getTime() <= before + grace + 60_000',
      tests: [
        'test/maintenance/check-objects.test.ts > no document names are deleted',
        'test/clocks/deleting.test.ts',
      ],
    },
    {
      guarantee: 'a dry run deletes nothing',
      find: 'if (!dryRun) await deleteKeys',
      replace: 'await deleteKeys',
      tests: ['test/maintenance/check-objects.test.ts > no document names are deleted'],
    },
    {
      guarantee: 'where the clocks differ the check only reports',
      find: 'dryRun: asked.dryRun || refused !== undefined',
      replace: 'dryRun: asked.dryRun',
      tests: ['test/clocks/deleting.test.ts > nothing is deleted for its age'],
    },
    {
      guarantee: 'a run that is out of time says so',
      find: 'result.unfinished = true;',
      replace: '',
      tests: ['test/maintenance/check-objects.test.ts > out of time reports'],
    },
  ],
  'src/services/maintenance/objects/unknown.ts': [
    {
      guarantee: 'the objects of what is in the trash stay',
      find: 'for (const { _id, content } of await findMany(ctx, TrashedMedium, among, trashed)) {',
      replace:
        'for (const { _id, content } of (await findMany(ctx, TrashedMedium, among, trashed)).slice(0, 0)) {',
      tests: ['test/maintenance/check-objects.test.ts > no document names are deleted'],
    },
    {
      guarantee: 'the objects of a medium that is being processed stay',
      find: 'if (!SETTLED.includes(medium.status)) return () => true;',
      replace: '',
      tests: ['test/maintenance/check-objects.test.ts > no document names are deleted'],
    },
    {
      guarantee: 'the segments of a stream that is being made stay',
      find: "(typeof making === 'string' && key.startsWith(making));",
      replace: 'making === key;',
      tests: ['test/maintenance/check-objects.test.ts > segments of a stream'],
    },
    {
      guarantee: 'the objects of former versions stay',
      find: 'const own = makeVersionTest(version);',
      replace: 'const own = (_key: string) => version === undefined;',
      tests: ['test/media/versions.test.ts > until its new bytes are READY'],
    },
  ],
  'src/services/maintenance/objects/missing.ts': [
    {
      guarantee: 'a former version is not processed again',
      find: 'if (look.dryRun || isVersion(entity) ||',
      replace: 'if (look.dryRun ||',
      tests: ['test/maintenance/check-objects.test.ts > former versions that lack a derivative'],
    },
    {
      guarantee: 'a dry run fails no medium',
      find: 'if (dryRun) return (await findOne',
      replace: 'if (false) return (await findOne',
      tests: ['test/maintenance/check-objects.test.ts > original is missing'],
    },
  ],
  'src/services/maintenance/references/check.ts': [
    {
      guarantee: 'a reference to what was deleted just now is not reported',
      find: 'for (const id of await findDeletedLately(ctx, [...gone.values()])) gone.delete(idText(id));',
      replace: '',
      tests: ['test/maintenance/check-references.test.ts > deleted just now'],
    },
    {
      guarantee: 'a run stops before its time is up',
      find: 'if (isLate()) return false;',
      replace: '',
      tests: ['test/maintenance/check-references.test.ts > a run stops before its time'],
    },
    {
      guarantee: 'five examples are listed',
      find: 'const MOST_EXAMPLES = 5;',
      replace: 'const MOST_EXAMPLES = 50;',
      tests: ['test/maintenance/check-references.test.ts > five are listed'],
    },
  ],
  'src/services/maintenance/references/counters.ts': [
    {
      guarantee: 'a count that somebody changes at the same moment is not overruled',
      find: 'if (now?.off !== off) continue;',
      replace: 'if (!now) continue;',
      tests: ['test/maintenance/check-references.test.ts > changes while it is looked at'],
    },
    {
      guarantee: 'a wrong count is put right by as much as it is off',
      find: 'now.stored - off',
      replace: 'now.stored + off',
      tests: ['test/maintenance/check-references.test.ts > a wrong count'],
    },
  ],
  'src/services/removal/sweep-leftovers.ts': [
    {
      guarantee: 'a sweep deletes the objects of what is gone',
      find: 'await deleteUnder(place);',
      replace: '',
      tests: ['test/media/tracks.test.ts > with a track its objects go'],
    },
    {
      guarantee: 'a sweep aborts the uploads of what is gone',
      find: 'await abortUploadsUnder(place);',
      replace: '',
      tests: ['test/uploads/uploads.test.ts > deletes the uploaded parts'],
    },
  ],
};
