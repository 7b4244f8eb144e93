import type { Edits } from './edit.ts';

export const uploads: Edits = {
  'src/services/uploads/new-file.ts': [
    {
      guarantee: 'a large file comes in parts',
      find: 'if (size <= config.singlePutBytes) return undefined;',
      replace: 'if (size > 0) return undefined;',
      tests: ['test/uploads/bulk.test.ts > media of all kinds'],
    },
    {
      guarantee: 'no file has more parts than S3 takes',
      find: 'Math.max(config.partBytes, Math.ceil(size / MOST_PARTS / MIB) * MIB)',
      replace: 'Math.max(config.partBytes, MOST_PARTS * 0)',
      tests: ['test/uploads/sizes.test.ts > 10,000'],
    },
  ],
  'src/services/uploads/complete.ts': [
    {
      guarantee: 'a completion names each part once, in order',
      find: 'else if (partNumber <= before)',
      replace: 'else if (false)',
      tests: ['test/uploads/uploads.test.ts > names each of them'],
    },
    {
      guarantee: 'a part that has not arrived is told',
      find: 'else if (!stored) addFault',
      replace: 'else if (!inS3) addFault',
      tests: ['test/uploads/uploads.test.ts > names each of them'],
    },
    {
      guarantee: 'a part that was sent again is told',
      find: 'else if (stored.etag !== etag)',
      replace: 'else if (false)',
      tests: ['test/uploads/uploads.test.ts > names each of them'],
    },
    {
      guarantee: 'a part of another size is told',
      find: 'else if (stored.size !== getPartSize(medium, partNumber)) {',
      replace: 'else if (false) {',
      tests: ['test/uploads/uploads.test.ts > names each of them'],
      survives: 'The link to a part is signed for its exact size, so that S3 has none of another.',
    },
    {
      guarantee: 'parts that are not listed are told',
      find: 'if (named.has(n)) continue;',
      replace: 'if (n) continue;',
      tests: ['test/uploads/uploads.test.ts > names each of them'],
    },
    {
      guarantee: 'one job completes what S3 completes slowly',
      find: 'if (running) return running;',
      replace: '',
      tests: ['test/uploads/uploads.test.ts > while a job completes an upload'],
    },
    {
      guarantee: 'an upload in one PUT is not completed',
      find: 'if (!medium.multipart) throw notMultipart();',
      replace: '',
      tests: ['test/uploads/uploads.test.ts > neither completed nor aborted'],
    },
  ],
  'src/services/uploads/multipart.ts': [
    {
      guarantee: 'of requests at once one begins the upload in parts',
      find: "{ _id, status: 'AWAITING_UPLOAD', ...known },",
      replace: "{ _id, status: 'AWAITING_UPLOAD' },",
      tests: ['test/uploads/uploads.test.ts > started again, once'],
    },
    {
      guarantee: 'the upload that lost is aborted',
      find: 'await abortMultipart(filePath, mine);',
      replace: '',
      tests: ['test/uploads/uploads.test.ts > started again, once'],
    },
    {
      guarantee: 'an upload that has arrived is not aborted',
      find: `if (medium.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();
  if (!medium.multipart)`,
      replace: 'if (!medium.multipart)',
      tests: ['test/uploads/uploads.test.ts > completed once, however often'],
      survives: 'S3 knows no such upload any more, and then the file is looked for.',
    },
  ],
  'src/services/uploads/arrivals.ts': [
    {
      guarantee: 'an event that is told again starts no second job',
      find: "'object.etag': { $ne: found.etag },",
      replace: '',
      tests: ['test/uploads/arrivals.test.ts > before S3 told'],
    },
    {
      guarantee: 'an older event changes nothing',
      find: "{ 'object.sequencer': { $lt: sequencer } },",
      replace: "{ 'object.sequencer': { $exists: true } },",
      tests: ['test/uploads/arrivals.test.ts > a sequencer is compared'],
    },
    {
      guarantee: 'sequencers are compared as if they were of one length',
      find: "record.sequencer.toUpperCase().padEnd(32, '0')",
      replace: 'record.sequencer.toUpperCase()',
      tests: ['test/uploads/arrivals.test.ts > a sequencer is compared'],
    },
    {
      guarantee: "an event of one user says nothing of another's medium",
      find: 'const mine = { _id: place.id, user: place.user };',
      replace: 'const mine = { _id: place.id };',
      tests: ['test/uploads/arrivals.test.ts > no medium of their owner'],
    },
    {
      guarantee: 'bytes of a deleted medium do not stay',
      find: 'await deleteUnder(buildFolder(entity, place.user, place.id));',
      replace: '',
      tests: ['test/uploads/arrivals.test.ts > no medium of their owner'],
    },
    {
      guarantee: 'bytes of what is in the trash stay',
      find: 'if ((await isTrashed(ctx, place.id)) || (await findOne(ctx, entity, mine))) return;',
      replace: 'if (await findOne(ctx, entity, mine)) return;',
      tests: ['test/media/trash.test.ts > gone everywhere but in the trash'],
    },
    {
      guarantee: 'bytes of a version that is gone are left to the nightly check',
      find: 'if (!medium && isVersion(entity)) return;',
      replace: '',
      tests: ['test/media/versions.test.ts > until its new bytes are READY'],
      survives:
        'The folder that would be deleted holds nothing: the files of a version are in that of its medium.',
    },
    {
      guarantee: 'bytes that a version has taken over start no job',
      find: `filePath: record.key,
        'object.etag'`,
      replace: "'object.etag'",
      tests: ['test/media/versions.test.ts > until its new bytes are READY'],
    },
    {
      guarantee: 'only what nobody uploads for a day is deleted',
      find: "const isDayAgo = hasCome(ctx, 'updatedAt', 24 * HOUR_MS);",
      replace: "const isDayAgo = hasCome(ctx, 'updatedAt', 0);",
      tests: ['test/maintenance/reconcile.test.ts > not uploaded within a day'],
    },
    {
      guarantee: 'what nobody uploads for a day is deleted',
      find: "const isDayAgo = hasCome(ctx, 'updatedAt', 24 * HOUR_MS);",
      replace: "const isDayAgo = hasCome(ctx, 'updatedAt', 240 * HOUR_MS);",
      tests: ['test/maintenance/reconcile.test.ts > not uploaded within a day'],
    },
    {
      guarantee: 'bytes that have arrived since keep a medium',
      find: "const unheard = { _id, status: 'AWAITING_UPLOAD', ...isDayAgo };",
      replace: 'const unheard = { _id };',
      tests: ['test/maintenance/reconcile.test.ts > not uploaded within a day'],
    },
    {
      guarantee: 'not all lost uploads are looked up at once',
      find: 'const CONCURRENCY = 16;',
      replace: 'const CONCURRENCY = 64;',
      tests: ['test/maintenance/reconcile.test.ts > looked up in batches'],
    },
  ],
  'src/services/uploads/orphans.ts': [
    {
      guarantee: 'an upload in parts that has just begun is left alone',
      find: 'const GRACE_MS = 3600 * 1000;',
      replace: 'const GRACE_MS = -3600 * 1000;',
      tests: ['test/uploads/uploads.test.ts > waits for is aborted, unless it is new'],
    },
    {
      guarantee: 'an upload in parts that a medium awaits is left alone',
      find: 'awaited.get(idText(id)) !== upload.uploadId',
      replace: "awaited.get(idText(id)) !== ''",
      tests: ['test/uploads/uploads.test.ts > waits for is aborted, unless it is new'],
    },
  ],
  'src/services/uploads/reuse.ts': [
    {
      guarantee: 'a duplicate is one of the same owner',
      find: 'const same = { user, checksum, size, status, _id: { $ne: _id } };',
      replace: 'const same = { checksum, size, status, _id: { $ne: _id }, ...(user && {}) };',
      tests: ['test/uploads/uploads.test.ts > reported as duplicates'],
    },
    {
      guarantee: 'a duplicate has its bytes',
      find: "const status = { $in: ['READY', 'PROCESSING'] };",
      replace: 'const status = { $exists: true };',
      tests: ['test/uploads/uploads.test.ts > reported as duplicates'],
    },
    {
      guarantee: 'a medium whose bytes have come is not copied to',
      find: "if (target?.status !== 'AWAITING_UPLOAD') return { superseded: true };",
      replace: 'if (!target) return { superseded: true };',
      tests: ['test/uploads/uploads.test.ts > copied within S3 on request'],
      survives: 'Nothing is copied over an object that is there, and its event was seen.',
    },
  ],
};
