import { UUID } from '../src/data/ids.ts';
import type { Migration } from '../src/data/migrations/migration.ts';

/** Job families. */
export const jobFamilies: Migration = {
  id: '0007-job-families',

  async up(m) {
    // jobs: field parentToken is new
    // jobs: field parts.token is new
    // jobs: field parts.target is gone
    // jobs: field parts.folder is gone
    // jobs: field parts.token is now required
    // jobs: field parts.state is now required
    await m.setValidator('jobs', jobs);
    // Check by hand: jobs lost parts.target. A document that still has it can no longer be written:
    // await m.eachBatch('drop parts.target', 'jobs', { 'parts.target': { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { 'parts.target': '' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs lost parts.folder. A document that still has it can no longer be written:
    // await m.eachBatch('drop parts.folder', 'jobs', { 'parts.folder': { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { 'parts.folder': '' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs now must have parts.token. A document without it can no longer be written:
    // await m.eachBatch('fill parts.token', 'jobs', { 'parts.token': { $exists: false } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $set: { 'parts.token': 'what?' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs now must have parts.state. A document without it can no longer be written:
    // await m.eachBatch('fill parts.state', 'jobs', { 'parts.state': { $exists: false } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $set: { 'parts.state': 'what?' }, $inc: { version: 1 } } },
    //   })),
    // );

    // videos: field video.transfer is new
    await m.setValidator('videos', videos);
  },

  async down(m) {
    await m.setValidator('videos', videosBefore);
    // Check by hand: videos lost video.transfer. A document that still has it can no longer be written:
    // await m.eachBatch('drop video.transfer', 'videos', { 'video.transfer': { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { 'video.transfer': '' }, $inc: { version: 1 } } },
    //   })),
    // );

    await m.setValidator('jobs', jobsBefore);
    // Check by hand: jobs lost parentToken. A document that still has it can no longer be written:
    // await m.eachBatch('drop parentToken', 'jobs', { parentToken: { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { parentToken: '' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs lost parts.token. A document that still has it can no longer be written:
    // await m.eachBatch('drop parts.token', 'jobs', { 'parts.token': { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { 'parts.token': '' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs now must have parts.target. A document without it can no longer be written:
    // await m.eachBatch('fill parts.target', 'jobs', { 'parts.target': { $exists: false } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $set: { 'parts.target': 'what?' }, $inc: { version: 1 } } },
    //   })),
    // );
    // Check by hand: jobs now must have parts.folder. A document without it can no longer be written:
    // await m.eachBatch('fill parts.folder', 'jobs', { 'parts.folder': { $exists: false } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $set: { 'parts.folder': 'what?' }, $inc: { version: 1 } } },
    //   })),
    // );
  },
};

const binary = { bsonType: 'binData' };
const boolean = { bsonType: 'bool' };
const date = { bsonType: 'date' };
const string = { bsonType: 'string' };
const number = { bsonType: 'number' };
const integer = { bsonType: ['int', 'long', 'double'], multipleOf: 1 };
const count = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0 };
const positive = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1 };
const object = { bsonType: 'object' };

const anyId = {
  $gte: new UUID('00000000-0000-0000-0000-000000000000'),
  $lte: new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff'),
};

const status = {
  bsonType: 'string',
  enum: ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
};

const error = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { bsonType: 'string', maxLength: 64 },
    message: { bsonType: 'string', maxLength: 1000 },
    retryable: boolean,
  },
};

const priority = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0, maximum: 9 };

const lease = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['owner', 'token', 'until'],
  properties: { owner: string, token: integer, until: date },
};

const statusField = {
  bsonType: 'string',
  enum: ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'],
};

const derivatives = {
  bsonType: 'array',
  items: {
    bsonType: 'object',
    additionalProperties: false,
    required: ['name', 'contentType', 'status'],
    properties: {
      name: { bsonType: 'string', maxLength: 64 },
      contentType: { bsonType: 'string', maxLength: 128 },
      status: { bsonType: 'string', enum: ['PENDING', 'READY'] },
      size: count,
      width: integer,
      height: integer,
    },
  },
};

const errorField = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['code', 'message'],
  properties: {
    code: { bsonType: 'string', maxLength: 64 },
    message: { bsonType: 'string', maxLength: 1000 },
  },
};

const objectField = {
  bsonType: 'object',
  additionalProperties: false,
  properties: { etag: string, sequencer: string, job: binary },
};

const multipart = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['partSize'],
  properties: { partSize: positive, uploadId: string, completing: binary },
};

const rotation = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0, maximum: 270 };

const audio = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['durationSeconds', 'sampleRate', 'channels', 'codec'],
  properties: {
    durationSeconds: { bsonType: 'number', minimum: 0 },
    sampleRate: integer,
    channels: integer,
    codec: { bsonType: 'string', maxLength: 64 },
  },
};

const loudness = {
  bsonType: 'object',
  additionalProperties: false,
  properties: { integratedLufs: number, rangeLu: number, truePeakDbtp: number },
};

const stream = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['status', 'job'],
  properties: {
    status: { bsonType: 'string', enum: ['PENDING', 'READY', 'FAILED'] },
    job: binary,
    renditions: {
      bsonType: 'array',
      items: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'width', 'height', 'bandwidth', 'codecs'],
        properties: {
          name: { bsonType: 'string', maxLength: 16 },
          width: integer,
          height: integer,
          bandwidth: integer,
          codecs: { bsonType: 'string', maxLength: 64 },
        },
      },
    },
    error: errorField,
  },
};

const always = ['_id', 'createdAt', 'updatedAt', 'version'];

const baseOwned = {
  _id: binary,
  user: binary,
  createdAt: date,
  updatedAt: date,
  version: positive,
  outbox: { bsonType: 'array', items: object },
  removing: date,
};

const alwaysOwned = ['_id', 'user', 'createdAt', 'updatedAt', 'version'];

const jobs = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'type',
          'input',
          'status',
          'progress',
          'priority',
          'attempts',
          'maxAttempts',
          'losses',
          'runAfter',
          ...always,
        ],
        properties: {
          project: binary,
          type: { bsonType: 'string', maxLength: 64 },
          input: object,
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          stage: { bsonType: 'string', maxLength: 64 },
          result: object,
          error,
          priority,
          attempts: integer,
          maxAttempts: integer,
          losses: integer,
          lease,
          runAfter: date,
          parent: binary,
          parentToken: integer,
          parts: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['token', 'waiting', 'state'],
            properties: { token: integer, waiting: integer, state: object },
          },
          hold: binary,
          startedAt: date,
          completedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ parent: { $exists: false } }, { parent: anyId }] },
    { $or: [{ hold: { $exists: false } }, { hold: anyId }] },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
  ],
};

const jobsBefore = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'type',
          'input',
          'status',
          'progress',
          'priority',
          'attempts',
          'maxAttempts',
          'losses',
          'runAfter',
          ...always,
        ],
        properties: {
          project: binary,
          type: { bsonType: 'string', maxLength: 64 },
          input: object,
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          stage: { bsonType: 'string', maxLength: 64 },
          result: object,
          error,
          priority,
          attempts: integer,
          maxAttempts: integer,
          losses: integer,
          lease,
          runAfter: date,
          parent: binary,
          parts: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['target', 'folder', 'waiting'],
            properties: {
              target: { bsonType: 'string', maxLength: 512 },
              folder: { bsonType: 'string', maxLength: 512 },
              waiting: integer,
              state: object,
            },
          },
          hold: binary,
          startedAt: date,
          completedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ parent: { $exists: false } }, { parent: anyId }] },
    { $or: [{ hold: { $exists: false } }, { hold: anyId }] },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
  ],
};

const videos = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'name',
          'fileName',
          'contentType',
          'size',
          'filePath',
          'status',
          'progress',
          ...alwaysOwned,
        ],
        properties: {
          project: binary,
          track: binary,
          name: { bsonType: 'string', maxLength: 120 },
          description: { bsonType: 'string', maxLength: 2000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status: statusField,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error: errorField,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          video: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['durationSeconds', 'width', 'height', 'codec', 'rotation', 'hasAudio'],
            properties: {
              durationSeconds: { bsonType: 'number', minimum: 0 },
              width: positive,
              height: positive,
              frameRate: { bsonType: 'number', minimum: 0 },
              codec: { bsonType: 'string', maxLength: 64 },
              bitRate: count,
              rotation,
              hasAudio: boolean,
              variableFrameRate: boolean,
              hdr: boolean,
              transfer: { bsonType: 'string', enum: ['PQ', 'HLG'] },
              pixelFormat: { bsonType: 'string', maxLength: 32 },
            },
          },
          audio,
          loudness,
          stream,
          streamPath: { bsonType: 'string', maxLength: 512 },
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ track: { $exists: false } }, { track: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const videosBefore = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'name',
          'fileName',
          'contentType',
          'size',
          'filePath',
          'status',
          'progress',
          ...alwaysOwned,
        ],
        properties: {
          project: binary,
          track: binary,
          name: { bsonType: 'string', maxLength: 120 },
          description: { bsonType: 'string', maxLength: 2000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status: statusField,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error: errorField,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          video: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['durationSeconds', 'width', 'height', 'codec', 'rotation', 'hasAudio'],
            properties: {
              durationSeconds: { bsonType: 'number', minimum: 0 },
              width: positive,
              height: positive,
              frameRate: { bsonType: 'number', minimum: 0 },
              codec: { bsonType: 'string', maxLength: 64 },
              bitRate: count,
              rotation,
              hasAudio: boolean,
              variableFrameRate: boolean,
              hdr: boolean,
              pixelFormat: { bsonType: 'string', maxLength: 32 },
            },
          },
          audio,
          loudness,
          stream,
          streamPath: { bsonType: 'string', maxLength: 512 },
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ track: { $exists: false } }, { track: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};
