import type { Edits } from './edit.ts';

export const media: Edits = {
  'src/services/media/original.ts': [
    {
      guarantee: 'bytes of another size than declared are refused',
      find: 'if (size !== declared) {',
      replace: 'if (false) {',
      tests: ['test/media/bytes.test.ts > another size'],
    },
    {
      guarantee: 'bytes of another checksum than declared are refused',
      find: 'if (expected && expected !== checksum) {',
      replace: 'if (false) {',
      tests: ['test/media/bytes.test.ts > another checksum'],
    },
    {
      guarantee: 'a file that no worker has room for is not fetched',
      find: 'if (declared > MOST_BYTES) {',
      replace: 'if (false) {',
      tests: ['test/media/process.test.ts > no worker has room'],
    },
    {
      guarantee: 'a file that is gone fails, one that was replaced does not',
      find: 'if (await headObject(filePath)) throw new Superseded',
      replace: 'if (false) throw new Superseded',
      tests: ['test/media/bytes.test.ts > while a job waited'],
    },
  ],
  'src/providers/s3.ts': [
    {
      guarantee: 'only the bytes that were asked for are downloaded',
      find: ', IfMatch: `"${etag}"` }),',
      replace: ' }),',
      tests: ['test/media/bytes.test.ts > while a job waited'],
    },
  ],
  'src/services/media/medium-subject.ts': [
    {
      guarantee: 'a job that is started anew looks at the bytes that are there now',
      find: "where: { status: { $in: SETTLED }, 'object.etag': etag },",
      replace: 'where: { status: { $in: SETTLED } },',
      tests: ['test/media/bytes.test.ts > other bytes by now'],
    },
    {
      guarantee: 'a medium that was READY stays so',
      find: "...(code === 'MISSING_FILE' ? [] : [STAY_READY]),",
      replace: '',
      tests: ['test/media/process.test.ts > what was READY stays'],
    },
    {
      guarantee: 'without its file a medium does not stay READY',
      find: "...(code === 'MISSING_FILE' ? [] : [STAY_READY]),",
      replace: 'STAY_READY,',
      tests: ['test/media/bytes.test.ts > whose file is gone'],
    },
    {
      guarantee: 'a medium waits for its own job',
      find: "'object.job': { $in: [job, null] },",
      replace: '',
      tests: ['test/jobs/run-jobs.test.ts > waits for another job'],
    },
  ],
  'src/services/media/publish.ts': [
    {
      guarantee: 'derivatives of a former processing are deleted',
      find: 'await deleteUnder(`${medium.derivativesPath}/`);',
      replace: '',
      tests: ['test/media/process.test.ts > what a former processing made'],
    },
    {
      guarantee: 'derivatives of earlier claims are deleted',
      find: 'await deleteEarlier(output.folder);',
      replace: '',
      tests: ['test/media/process.test.ts > READY is refused to'],
      survives: 'The next run of the same job deletes them as well, when it begins.',
    },
    {
      guarantee: 'facts are published of the bytes that were looked at',
      find: "const waiting = { _id, 'object.etag': input.etag, ...buildWaitingFilter(job._id) };",
      replace: 'const waiting = { _id };',
      tests: ['test/media/bytes.test.ts > replaced meanwhile'],
    },
  ],
  'src/services/media/derivatives.ts': [
    {
      guarantee: 'a stale worker shows nothing',
      find: "return { _id: medium._id, status: 'PROCESSING', derivativesPath };",
      replace: "return { _id: medium._id, status: 'PROCESSING' };",
      tests: ['test/media/process.test.ts > a stale worker shows nothing'],
    },
    {
      guarantee: 'without a mandatory derivative nothing is READY',
      find: 'if (missing.length > 0) throw',
      replace: 'if (false) throw',
      tests: ['test/media/process.test.ts > READY is refused to'],
    },
    {
      guarantee: 'what is shown stays until all that is new is there',
      find: 'published === null || published.includes(`/${idText(job._id)}-`)',
      replace: "published !== ''",
      tests: ['test/media/process.test.ts > what was READY stays'],
    },
    {
      guarantee: 'what a failed run has made does not stay',
      find: 'await deleteUnder(`${folder}/`);',
      replace: '',
      tests: ['test/media/process.test.ts > nothing of a stale worker'],
    },
  ],
  'src/services/media/reprocess.ts': [
    {
      guarantee: 'a medium that is being processed is not processed once more',
      find: 'const settled = { _id, status: { $in: SETTLED }, filePath };',
      replace: 'const settled = { _id, filePath };',
      tests: ['test/media/tracks.test.ts > reprocessing ends in READY'],
    },
  ],
  'src/services/media/renders.ts': [
    {
      guarantee: 'an image is rendered once',
      find: 'if (await headObject(key)) return key;',
      replace: '',
      tests: ['test/media/images.test.ts > an image made to measure is made once'],
    },
    {
      guarantee: 'what is not READY is not rendered',
      find: "if (!(image.status === 'READY' || image.stands) || !image.derivativesPath) {",
      replace: 'if (!image.derivativesPath) {',
      tests: ['test/media/links.test.ts > never READY'],
    },
  ],
  'src/routes/media/media.ts': [
    {
      guarantee: 'a file that has not come has no link',
      find: "if (document.status === 'AWAITING_UPLOAD') throw notArrived();\n        const { filePath,",
      replace: 'const { filePath,',
      tests: ['test/media/tracks.test.ts > an upload can be renewed'],
    },
    {
      guarantee: 'a derivative that is being made has no link',
      find: "if (derivative.status === 'PENDING')",
      replace: 'if (false)',
      tests: ['test/media/process.test.ts > as soon as it is made'],
    },
    {
      guarantee: 'a link to a file is good for a quarter of an hour',
      find: 'const LINK_SECONDS = 900;',
      replace: 'const LINK_SECONDS = 90_000;',
      tests: ['test/media/links.test.ts > a link'],
    },
  ],
  'src/routes/uploads/uploads.ts': [
    {
      guarantee: 'a link to upload by is good for an hour',
      find: 'const UPLOAD_SECONDS = 3600;',
      replace: 'const UPLOAD_SECONDS = 360_000;',
      tests: ['test/media/links.test.ts > upload'],
    },
    {
      guarantee: 'a file is as large as its kind allows',
      find: '.min(1).max(kind.maxBytes).required(),',
      replace: '.min(1).required(),',
      tests: ['test/uploads/sizes.test.ts > at most'],
    },
    {
      guarantee: 'a file is of a type that its kind takes',
      find: '.valid(...accepted)',
      replace: '',
      tests: ['test/media/tracks.test.ts > may not declare'],
    },
    {
      guarantee: 'a file name has no controls and turns no text around',
      find: '.pattern(NO_CONTROLS)',
      replace: '',
      tests: ['test/media/images.test.ts > would read as another one'],
    },
    {
      guarantee: 'an upload that has arrived is not renewed',
      find: "if (medium.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();",
      replace: '',
      tests: ['test/media/tracks.test.ts > an upload can be renewed'],
      survives: 'The write that follows asks for the same status, and refuses as this does.',
    },
  ],
  'src/services/media/signed-texts.ts': [
    {
      guarantee: 'links in a playlist live for five hours',
      find: 'const VALID_MS = 5 * HOUR_MS;',
      replace: 'const VALID_MS = 50 * HOUR_MS;',
      tests: ['test/media/links.test.ts > playlist'],
    },
  ],
};
