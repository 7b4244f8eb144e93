import { UUID } from '../src/data/ids.ts';
import type { Migration, Steps } from '../src/data/migrations/migration.ts';

/** Kinds of media are written as other enums are, and a medium holds the job that looks at it. */
export const mediaKinds: Migration = {
  id: '0006-media-kinds',

  async up(m) {
    // audios: field object.job is new
    await m.setValidator('audios', audios);

    // images: field object.job is new
    await m.setValidator('images', images);

    // mediumVersions: field object.job is new
    // mediumVersions: field kind has changed
    await m.setValidator('mediumVersions', mediumVersions);
    await rename(m, 'mediumVersions');

    // tracks: field object.job is new
    await m.setValidator('tracks', tracks);

    // trashedMedia: field kind has changed
    await m.setValidator('trashedMedia', trashedMedia);
    await rename(m, 'trashedMedia');

    // videos: field object.job is new
    await m.setValidator('videos', videos);
  },

  async down(m) {
    await m.setValidator('videos', videosBefore);
    await drop(m, 'videos', ['object.job']);
    await m.setValidator('trashedMedia', trashedMediaBefore);
    await drop(m, 'trashedMedia', ['content.object.job', 'content.versions'], former);
    await m.setValidator('tracks', tracksBefore);
    await drop(m, 'tracks', ['object.job']);
    await m.setValidator('mediumVersions', mediumVersionsBefore);
    await drop(m, 'mediumVersions', ['object.job'], former);
    await m.setValidator('images', imagesBefore);
    await drop(m, 'images', ['object.job']);
    await m.setValidator('audios', audiosBefore);
    await drop(m, 'audios', ['object.job']);
  },
};

/** `TRACK` as `Track`. */
const former = {
  $concat: [
    { $substrCP: ['$kind', 0, 1] },
    { $toLower: { $substrCP: ['$kind', 1, { $strLenCP: '$kind' }] } },
  ],
};

async function rename(m: Steps, collection: string): Promise<void> {
  const kind = { $in: ['Track', 'Audio', 'Video', 'Image'] };
  await m.eachBatch(`kinds of ${collection} are TRACK, AUDIO…`, collection, { kind }, (documents) =>
    documents.map(({ _id }) => ({
      updateOne: {
        filter: { _id },
        update: [{ $set: { kind: { $toUpper: '$kind' }, version: { $add: ['$version', 1] } } }],
      },
    })),
  );
}

/** The validator from before would refuse whatever still has these, or another kind: all go in one write. */
async function drop(m: Steps, collection: string, fields: string[], kind?: object): Promise<void> {
  const some = fields.map((field) => ({ [field]: { $exists: true } }));
  const which = { $or: [...some, ...(kind ? [{ kind: { $exists: true } }] : [])] };
  const $set = { version: { $add: ['$version', 1] }, ...(kind && { kind }) };
  await m.eachBatch(`as ${collection} were before`, collection, which, (documents) =>
    documents.map(({ _id }) => ({
      updateOne: { filter: { _id }, update: [{ $unset: fields }, { $set }] },
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
  properties: { etag: string, sequencer: string, job: binary },
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

const objectField2 = {
  bsonType: 'object',
  additionalProperties: false,
  properties: { etag: string, sequencer: string },
};

const image = {
  bsonType: 'object',
  additionalProperties: false,
  required: ['width', 'height', 'format', 'orientation', 'hasAlpha'],
  properties: {
    width: positive,
    height: positive,
    format: { bsonType: 'string', maxLength: 16 },
    orientation: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1, maximum: 8 },
    hasAlpha: boolean,
    colorSpace: { bsonType: 'string', maxLength: 32 },
    dominantColor: { bsonType: 'string', pattern: '^#[0-9a-f]{6}$' },
    blurHash: { bsonType: 'string', maxLength: 128 },
    perceptualHash: { bsonType: 'string', pattern: '^[0-9a-f]{16}$' },
    frames: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1, maximum: 200 },
  },
};

const kindField = { bsonType: 'string', enum: ['TRACK', 'AUDIO', 'VIDEO', 'IMAGE'] };
const kindField2 = { bsonType: 'string', enum: ['Track', 'Audio', 'Video', 'Image'] };
const trackNumber = {
  bsonType: ['int', 'long', 'double'],
  multipleOf: 1,
  minimum: 1,
  maximum: 9999,
};

const video = {
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
    rotation: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0, maximum: 270 },
    hasAudio: boolean,
    variableFrameRate: boolean,
    hdr: boolean,
    pixelFormat: { bsonType: 'string', maxLength: 32 },
  },
};

const audioField = {
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
    error,
  },
};

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
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField2,
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
          image,
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
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField2,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          image,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
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

const mediumVersionsBefore = {
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
          kind: kindField2,
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
          object: objectField2,
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
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField2,
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

const trashedMediaBefore = {
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
          kind: kindField2,
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
          video,
          audio: audioField,
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
          status,
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives,
          warnings: { bsonType: 'array', items: string },
          error,
          object: objectField2,
          stands: boolean,
          multipart,
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          video,
          audio: audioField,
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
