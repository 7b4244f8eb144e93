import type { Edits } from './edit.ts';

export const trash: Edits = {
  'src/services/media/trash.ts': [
    {
      guarantee: 'what was deleted may be restored for 30 days',
      find: 'const KEPT = 30 * 24 * 3600 * 1000;',
      replace: 'const KEPT = 3 * 24 * 3600 * 1000;',
      tests: ['test/media/trash.test.ts > has been there for 30 days'],
    },
    {
      guarantee: 'what has no bytes is deleted for good',
      find: "if (document.status === 'AWAITING_UPLOAD') return false;",
      replace: '',
      tests: ['test/media/tracks.test.ts > their track is gone'],
    },
    {
      guarantee: 'former versions go along',
      find: 'const versions = await takeVersions(ctx, entity, _id);',
      replace: 'const versions: Medium[] = (await takeVersions(ctx, entity, _id)).slice(0, 0);',
      tests: ['test/media/trash.test.ts > its former versions go with it'],
    },
    {
      guarantee: 'what a worker had shown does not come back',
      find: `delete content.derivatives;
    delete content.derivativesPath;`,
      replace: '',
      tests: ['test/media/trash.test.ts > what a worker had shown'],
    },
    {
      guarantee: 'what is put into the trash after its project has ended does not stay',
      find: 'await removeAndSweep(ctx, TrashedMedium, { _id: id });',
      replace: '',
      tests: ['test/media/trash.test.ts > does not stay there'],
    },
    {
      guarantee: 'what is restored after its project has ended goes with it',
      find: 'await removeAndSweep(ctx, entity, { _id: restored._id });',
      replace: '',
      tests: ['test/media/trash.test.ts > what is restored after its project'],
    },
    {
      guarantee: 'its job goes, too',
      find: 'if (job) await removeAndSweep(ctx, Job, { _id: job });',
      replace: '',
      tests: ['test/media/trash.test.ts > leaves no job'],
    },
    {
      guarantee: 'of those that restore it at once one does',
      find: 'if (!trashed) throw notFound();',
      replace: "if (!trashed) throw new Error('gone');",
      tests: ['test/media/trash.test.ts > one does'],
    },
    {
      guarantee: 'what was being processed goes on when it is restored',
      find: 'if (next) await next.enqueue(tx);',
      replace: '',
      tests: ['test/media/trash.test.ts > goes on when it is restored'],
    },
    {
      guarantee: 'restoring is audited',
      find: "const outbox = [makeAuditEntry(tx, 'restore', [])];",
      replace: 'const outbox: AuditEntry[] = [];',
      tests: ['test/media/trash.test.ts > both ways are audited'],
    },
    {
      guarantee: 'only what has been there for its time is deleted for good',
      find: 'const expired = await findMany(ctx, TrashedMedium, isOver, {',
      replace: 'const expired = await findMany(ctx, TrashedMedium, {}, {',
      tests: ['test/media/trash.test.ts > has been there for 30 days'],
      survives: 'Each of them is deleted under the same filter once more.',
    },
    {
      guarantee: 'it is looked at once more before it is deleted',
      find: 'await removeAndSweep(ctx, TrashedMedium, { _id, ...isOver });',
      replace: 'await removeAndSweep(ctx, TrashedMedium, { _id });',
      tests: ['test/media/trash.test.ts > has been there for 30 days'],
      survives:
        'Nothing moves the end of a time in the trash; the filter is for what is restored meanwhile, and then nothing is found.',
    },
  ],
  'src/routes/media/trash.ts': [
    {
      guarantee: 'a medium goes into the trash',
      find: 'keepInTrash(entity));',
      replace: 'undefined);',
      tests: ['test/media/trash.test.ts > gone everywhere but in the trash'],
    },
    {
      guarantee: "nobody restores what is somebody else's",
      find: 'filterById(owner, ctx, request));',
      replace: '{ _id: filterById(owner, ctx, request)._id });',
      tests: ['test/media/trash.test.ts > nobody restores'],
    },
  ],
  'src/services/media/restore-version.ts': [
    {
      guarantee: 'a restore that is sent twice does not undo itself',
      find: 'if (wasReplaced(version, replaced)) return mediumOf(version);',
      replace: '',
      tests: ['test/media/versions.test.ts > restored twice'],
    },
    {
      guarantee: 'a restore that means another file is refused',
      find: 'if (!isMeant(medium, medium.version, replaced)) {',
      replace: 'if (false) {',
      tests: ['test/media/versions.test.ts > means another file'],
    },
    {
      guarantee: 'only what is READY is restored',
      find: "if (version.status !== 'READY') throw new AppError('INVALID_STATE', 'It is not READY.');",
      replace: '',
      tests: ['test/media/versions.test.ts > no such medium leave the old'],
    },
  ],
  'src/services/media/versions.ts': [
    {
      guarantee: 'of two exchanges at once one is undone',
      find: 'if (!taken || !given) throw',
      replace: 'if (false) throw',
      tests: ['test/media/versions.test.ts > eight restores'],
      survives:
        'Both write the same two documents in a transaction, of which the database lets one win.',
    },
    {
      guarantee: 'ten former versions are kept',
      find: 'const MOST_KEPT = 10;',
      replace: 'const MOST_KEPT = 11;',
      tests: ['test/media/versions.test.ts > those that were replaced last are kept'],
    },
    {
      guarantee: 'twenty replacements may be under way',
      find: 'const MOST_OPEN = 20;',
      replace: 'const MOST_OPEN = 21;',
      tests: ['test/media/versions.test.ts > twenty replacements'],
    },
    {
      guarantee: 'what is being processed is not replaced',
      find: 'if (!SETTLED.includes(medium.status)) {',
      replace: 'if (false) {',
      tests: ['test/media/versions.test.ts > no file of the kind'],
    },
  ],
};
