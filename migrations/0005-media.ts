import { UUID } from '../src/data/ids.ts';
import type { Migration, Steps } from '../src/data/migrations/migration.ts';

/** Media. */
export const media: Migration = {
  id: '0005-media',

  async up(m) {
    // audios: field stands is new
    // audios: field multipart is new
    // audios: field analysis.silence is new
    // audios: field analysis.clipping is new
    // audios: field derivatives has changed
    // audios: index user_1_checksum_1 is missing
    await m.setValidator('audios', audios);
    await giveStatus(m, 'audios');
    await m.createIndex(
      'audios',
      { user: 1, checksum: 1 },
      { partialFilterExpression: { checksum: { $exists: true } } },
    );

    // images: field stands is new
    // images: field multipart is new
    // images: field image.perceptualHash is new
    // images: field image.frames is new
    // images: field derivatives has changed
    // images: index user_1_checksum_1 is missing
    await m.setValidator('images', images);
    await giveStatus(m, 'images');
    await m.createIndex(
      'images',
      { user: 1, checksum: 1 },
      { partialFilterExpression: { checksum: { $exists: true } } },
    );

    // jobs: field parent is new
    // jobs: field parts is new
    // jobs: index parent_1_status_1 is missing
    await m.setValidator('jobs', jobs);
    await m.createIndex('jobs', { parent: 1, status: 1 }, { sparse: true });

    await m.createCollection('mediumVersions', {
      validator: mediumVersions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, track: 1, createdAt: -1, _id: -1 } },
        { key: { track: 1 }, sparse: true },
        { key: { user: 1, audio: 1, createdAt: -1, _id: -1 } },
        { key: { audio: 1 }, sparse: true },
        { key: { user: 1, video: 1, createdAt: -1, _id: -1 } },
        { key: { video: 1 }, sparse: true },
        { key: { user: 1, image: 1, createdAt: -1, _id: -1 } },
        { key: { image: 1 }, sparse: true },
        {
          key: { updatedAt: 1 },
          name: 'awaiting',
          partialFilterExpression: { status: 'AWAITING_UPLOAD' },
        },
        outboxIndex,
      ],
    });

    // tracks: field stands is new
    // tracks: field multipart is new
    // tracks: field analysis.silence is new
    // tracks: field analysis.clipping is new
    // tracks: field derivatives has changed
    // tracks: index user_1_checksum_1 is missing
    await m.setValidator('tracks', tracks);
    await giveStatus(m, 'tracks');
    await m.createIndex(
      'tracks',
      { user: 1, checksum: 1 },
      { partialFilterExpression: { checksum: { $exists: true } } },
    );

    await m.createCollection('trashedMedia', {
      validator: trashedMedia,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, kind: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 }, sparse: true },
        { key: { expiresAt: 1 } },
        outboxIndex,
      ],
    });

    // videos: field stands is new
    // videos: field multipart is new
    // videos: field video.variableFrameRate is new
    // videos: field video.hdr is new
    // videos: field video.pixelFormat is new
    // videos: field audio is new
    // videos: field loudness is new
    // videos: field stream is new
    // videos: field streamPath is new
    // videos: field derivatives has changed
    // videos: index user_1_checksum_1 is missing
    await m.setValidator('videos', videos);
    await giveStatus(m, 'videos');
    await m.createIndex(
      'videos',
      { user: 1, checksum: 1 },
      { partialFilterExpression: { checksum: { $exists: true } } },
    );
  },

  async down(m) {
    await m.setValidator('videos', videosBefore);
    await drop(m, 'videos', [
      'stands',
      'multipart',
      'video.variableFrameRate',
      'video.hdr',
      'video.pixelFormat',
      'audio',
      'loudness',
      'stream',
      'streamPath',
      'derivatives.status',
    ]);
    await m.dropIndex('videos', 'user_1_checksum_1');

    await m.dropCollection('trashedMedia');
    await m.setValidator('tracks', tracksBefore);
    await drop(m, 'tracks', [
      'stands',
      'multipart',
      'analysis.silence',
      'analysis.clipping',
      'derivatives.status',
    ]);
    await m.dropIndex('tracks', 'user_1_checksum_1');

    await m.dropCollection('mediumVersions');
    await m.setValidator('jobs', jobsBefore);
    await drop(m, 'jobs', ['parent', 'parts']);
    await m.dropIndex('jobs', 'parent_1_status_1');

    await m.setValidator('images', imagesBefore);
    await drop(m, 'images', [
      'stands',
      'multipart',
      'image.perceptualHash',
      'image.frames',
      'derivatives.status',
    ]);
    await m.dropIndex('images', 'user_1_checksum_1');

    await m.setValidator('audios', audiosBefore);
    await drop(m, 'audios', [
      'stands',
      'multipart',
      'analysis.silence',
      'analysis.clipping',
      'derivatives.status',
    ]);
    await m.dropIndex('audios', 'user_1_checksum_1');
  },
};

/** What is there of a medium is READY: before, nothing else was told of. */
async function giveStatus(m: Steps, collection: string): Promise<void> {
  const filter = { derivatives: { $elemMatch: { status: { $exists: false } } } };
  await m.eachBatch(
    `each derivative of ${collection} has a status`,
    collection,
    filter,
    (documents) =>
      documents.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $set: { 'derivatives.$[].status': 'READY' } } },
      })),
  );
}

/** The validator from before would refuse whatever still has these: all go in one write. */
async function drop(m: Steps, collection: string, fields: string[]): Promise<void> {
  const some = { $or: fields.map((field) => ({ [field]: { $exists: true } })) };
  await m.eachBatch(`drop what is new in ${collection}`, collection, some, (documents) =>
    documents.map(({ _id }) => ({
      updateOne: {
        filter: { _id },
        update: [{ $unset: fields }, { $set: { version: { $add: ['$version', 1] } } }],
      },
    })),
  );
}

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

const kind = { bsonType: 'string', enum: ['RECORDING', 'SAMPLE', 'STEM', 'VOICE', 'EFFECT'] };
const status = { bsonType: 'string', enum: ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'] };

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

const error = {
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
  properties: { etag: string, sequencer: string },
};

const multipart = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['partSize'],
  properties: { partSize: positive, uploadId: string, completing: binary },
};

const audio = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['durationSeconds', 'sampleRate', 'channels', 'codec', 'lossless'],
  properties: {
    durationSeconds: number,
    sampleRate: integer,
    channels: integer,
    bitRate: integer,
    codec: string,
    lossless: boolean,
  },
};

const loudness = {
  bsonType: 'object',
  additionalProperties: false,
  properties: { integratedLufs: number, rangeLu: number, truePeakDbtp: number },
};

const analysis = {
  bsonType: 'object',
  additionalProperties: false,
  properties: {
    bpm: number,
    bpmConfidence: number,
    key: string,
    scale: { bsonType: 'string', enum: ['MAJOR', 'MINOR'] },
    keyConfidence: number,
    loudness,
    silence: {
      bsonType: 'object',
      additionalProperties: false,
      properties: { leadingSeconds: number, trailingSeconds: number, totalSeconds: number },
    },
    clipping: {
      bsonType: 'object',
      additionalProperties: false,
      properties: { samples: integer, runs: integer },
    },
    algorithms: object,
  },
};

const derivativesField = {
  bsonType: 'array',
  items: {
    bsonType: 'object',
    additionalProperties: false,
    required: ['name', 'contentType', 'size'],
    properties: {
      name: { bsonType: 'string', maxLength: 64 },
      contentType: { bsonType: 'string', maxLength: 128 },
      size: count,
      width: integer,
      height: integer,
    },
  },
};

const analysisField = {
  bsonType: 'object',
  additionalProperties: false,
  properties: {
    bpm: number,
    bpmConfidence: number,
    key: string,
    scale: { bsonType: 'string', enum: ['MAJOR', 'MINOR'] },
    keyConfidence: number,
    loudness,
    algorithms: object,
  },
};

const orientation = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1, maximum: 8 };
const statusField = {
  bsonType: 'string',
  enum: ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
};

const errorField = {
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

const kindField = { bsonType: 'string', enum: ['Track', 'Audio', 'Video', 'Image'] };
const trackNumber = {
  bsonType: ['int', 'long', 'double'],
  multipleOf: 1,
  minimum: 1,
  maximum: 9999,
};
const rotation = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0, maximum: 270 };

const outboxIndex = {
  key: { 'outbox.at': 1 },
  name: 'outbox',
  partialFilterExpression: { 'outbox.0': { $exists: true } },
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

const audios = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'name',
          'kind',
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
          name: { bsonType: 'string', maxLength: 120 },
          kind,
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          audio,
          analysis,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const audiosBefore = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'name',
          'kind',
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
          name: { bsonType: 'string', maxLength: 120 },
          kind,
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives: derivativesField,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          audio,
          analysis: analysisField,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const images = {
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
          name: { bsonType: 'string', maxLength: 120 },
          altText: { bsonType: 'string', maxLength: 1000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          image: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['width', 'height', 'format', 'orientation', 'hasAlpha'],
            properties: {
              width: positive,
              height: positive,
              format: { bsonType: 'string', maxLength: 16 },
              orientation,
              hasAlpha: boolean,
              colorSpace: { bsonType: 'string', maxLength: 32 },
              dominantColor: { bsonType: 'string', pattern: '^#[0-9a-f]{6}$' },
              blurHash: { bsonType: 'string', maxLength: 128 },
              perceptualHash: { bsonType: 'string', pattern: '^[0-9a-f]{16}$' },
              frames: {
                bsonType: ['int', 'long', 'double'],
                multipleOf: 1,
                minimum: 1,
                maximum: 200,
              },
            },
          },
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const imagesBefore = {
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
          name: { bsonType: 'string', maxLength: 120 },
          altText: { bsonType: 'string', maxLength: 1000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives: derivativesField,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          image: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['width', 'height', 'format', 'orientation', 'hasAlpha'],
            properties: {
              width: positive,
              height: positive,
              format: { bsonType: 'string', maxLength: 16 },
              orientation,
              hasAlpha: boolean,
              colorSpace: { bsonType: 'string', maxLength: 32 },
              dominantColor: { bsonType: 'string', pattern: '^#[0-9a-f]{6}$' },
              blurHash: { bsonType: 'string', maxLength: 128 },
            },
          },
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

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
          status: statusField,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          stage: { bsonType: 'string', maxLength: 64 },
          result: object,
          error: errorField,
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
          status: statusField,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          stage: { bsonType: 'string', maxLength: 64 },
          result: object,
          error: errorField,
          priority,
          attempts: integer,
          maxAttempts: integer,
          losses: integer,
          lease,
          runAfter: date,
          hold: binary,
          startedAt: date,
          completedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ hold: { $exists: false } }, { hold: anyId }] },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
  ],
};

const mediumVersions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'kind',
          'fileName',
          'contentType',
          'size',
          'filePath',
          'status',
          'progress',
          ...alwaysOwned,
        ],
        properties: {
          kind: kindField,
          track: binary,
          audio: binary,
          video: binary,
          image: binary,
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          facts: object,
          replacedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ track: { $exists: false } }, { track: anyId }] },
    { $or: [{ audio: { $exists: false } }, { audio: anyId }] },
    { $or: [{ video: { $exists: false } }, { video: anyId }] },
    { $or: [{ image: { $exists: false } }, { image: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const tracks = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'project',
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
          name: { bsonType: 'string', maxLength: 120 },
          artist: { bsonType: 'string', maxLength: 255 },
          album: { bsonType: 'string', maxLength: 255 },
          genre: { bsonType: 'string', maxLength: 100 },
          trackNumber,
          lyrics: { bsonType: 'string', maxLength: 20000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          audio,
          analysis,
          generatedBy: binary,
          lineage: object,
          ...baseOwned,
        },
      },
    },
    { project: anyId },
    { $or: [{ generatedBy: { $exists: false } }, { generatedBy: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const tracksBefore = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'project',
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
          name: { bsonType: 'string', maxLength: 120 },
          artist: { bsonType: 'string', maxLength: 255 },
          album: { bsonType: 'string', maxLength: 255 },
          genre: { bsonType: 'string', maxLength: 100 },
          trackNumber,
          lyrics: { bsonType: 'string', maxLength: 20000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives: derivativesField,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          audio,
          analysis: analysisField,
          generatedBy: binary,
          lineage: object,
          ...baseOwned,
        },
      },
    },
    { project: anyId },
    { $or: [{ generatedBy: { $exists: false } }, { generatedBy: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const trashedMedia = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'kind',
          'name',
          'fileName',
          'contentType',
          'size',
          'expiresAt',
          'content',
          ...alwaysOwned,
        ],
        properties: {
          kind: kindField,
          project: binary,
          name: { bsonType: 'string', maxLength: 120 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: integer,
          expiresAt: date,
          content: object,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
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
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
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
          audio: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['durationSeconds', 'sampleRate', 'channels', 'codec'],
            properties: {
              durationSeconds: { bsonType: 'number', minimum: 0 },
              sampleRate: integer,
              channels: integer,
              codec: { bsonType: 'string', maxLength: 64 },
            },
          },
          loudness,
          stream: {
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
              error,
            },
          },
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
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives: derivativesField,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField,
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
            },
          },
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
