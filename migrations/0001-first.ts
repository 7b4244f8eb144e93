import { UUID } from '../src/data/ids.ts';
import type { Migration } from '../src/data/migrations/migration.ts';

/** The first collections, with their validators and indexes. */
export const first: Migration = {
  id: '0001-first',

  async up(m) {
    await m.createCollection('auditEvents', {
      validator: auditEvents,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, entity: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, action: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, document: 1, createdAt: -1, _id: -1 } },
        { key: { createdAt: -1, _id: -1 } },
        { key: { entity: 1, createdAt: -1, _id: -1 } },
        { key: { action: 1, createdAt: -1, _id: -1 } },
        { key: { document: 1, createdAt: -1, _id: -1 } },
        {
          key: { createdAt: 1, _id: 1 },
          name: 'unsealed',
          partialFilterExpression: { unsealed: true },
        },
        {
          key: { sequence: -1 },
          unique: true,
          partialFilterExpression: { sequence: { $exists: true } },
        },
      ],
    });

    await m.createCollection('idempotencyRecords', {
      validator: idempotencyRecords,
      indexes: [
        { key: { key: 1 }, unique: true },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ],
    });

    await m.createCollection('jobs', {
      validator: jobs,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, type: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 }, sparse: true },
        {
          key: { priority: -1, runAfter: 1 },
          name: 'claim',
          partialFilterExpression: { status: 'QUEUED' },
        },
        { key: { 'lease.until': 1 }, name: 'lost', partialFilterExpression: { status: 'RUNNING' } },
        outboxIndex,
      ],
    });

    await m.createCollection('projects', {
      validator: projects,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, name: 1, _id: 1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('rateCounts', {
      validator: rateCounts,
      indexes: [
        { key: { key: 1 }, unique: true },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ],
    });

    await m.createCollection('sessions', {
      validator: sessions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
        outboxIndex,
      ],
    });

    await m.createCollection('tracks', {
      validator: tracks,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 } },
        { key: { generatedBy: 1 }, sparse: true },
        { key: { status: 1, updatedAt: 1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('userSettings', {
      validator: userSettings,
      indexes: [{ key: { user: 1 }, unique: true }, outboxIndex],
    });

    await m.createCollection('users', {
      validator: users,
      indexes: [
        { key: { email: 1 }, unique: true },
        { key: { username: 1 }, unique: true, collation: { locale: 'en', strength: 2 } },
        { key: { createdAt: -1, _id: -1 } },
        outboxIndex,
      ],
    });
  },

  async down(m) {
    await m.dropCollection('users');
    await m.dropCollection('userSettings');
    await m.dropCollection('tracks');
    await m.dropCollection('sessions');
    await m.dropCollection('rateCounts');
    await m.dropCollection('projects');
    await m.dropCollection('jobs');
    await m.dropCollection('idempotencyRecords');
    await m.dropCollection('auditEvents');
  },
};

const binary = { bsonType: 'binData' };
const boolean = { bsonType: 'bool' };
const date = { bsonType: 'date' };
const string = { bsonType: 'string' };
const number = { bsonType: 'number' };
const integer = { bsonType: ['int', 'long', 'double'], multipleOf: 1 };
const positive = { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1 };
const object = { bsonType: 'object' };

const anyId = {
  $gte: new UUID('00000000-0000-0000-0000-000000000000'),
  $lte: new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff'),
};

const outboxIndex = {
  key: { 'outbox.at': 1 },
  name: 'outbox',
  partialFilterExpression: { 'outbox.0': { $exists: true } },
};

const base = {
  _id: binary,
  createdAt: date,
  updatedAt: date,
  version: positive,
  outbox: { bsonType: 'array', items: object },
  removing: date,
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

const auditEvents = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['actor', 'action', 'entity', 'document', 'requestId', ...always],
        properties: {
          actor: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['kind'],
            properties: {
              kind: {
                bsonType: 'string',
                enum: ['USER', 'ADMIN', 'SYSTEM', 'PROVIDER', 'ANONYMOUS'],
              },
              id: binary,
              name: { bsonType: 'string', maxLength: 64 },
            },
          },
          action: { bsonType: 'string', maxLength: 64 },
          entity: { bsonType: 'string', maxLength: 64 },
          document: binary,
          changes: object,
          requestId: { bsonType: 'string', maxLength: 128 },
          ip: { bsonType: 'string', maxLength: 64 },
          unsealed: boolean,
          sequence: integer,
          previousHash: string,
          hash: string,
          ...baseOwned,
        },
      },
    },
    { document: anyId },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
  ],
};

const idempotencyRecords = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['key', 'fingerprint', 'promisedId', 'runningUntil', 'expiresAt', ...always],
        properties: {
          key: string,
          fingerprint: string,
          promisedId: binary,
          runningUntil: date,
          answer: binary,
          expiresAt: date,
          ...base,
        },
      },
    },
    { promisedId: anyId },
    { _id: anyId },
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
          status: {
            bsonType: 'string',
            enum: ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
          },
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          stage: { bsonType: 'string', maxLength: 64 },
          result: object,
          error: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['code', 'message', 'retryable'],
            properties: {
              code: { bsonType: 'string', maxLength: 64 },
              message: { bsonType: 'string', maxLength: 1000 },
              retryable: boolean,
            },
          },
          priority: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0, maximum: 9 },
          attempts: integer,
          maxAttempts: integer,
          losses: integer,
          lease: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['owner', 'token', 'until'],
            properties: { owner: string, token: integer, until: date },
          },
          runAfter: date,
          startedAt: date,
          completedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
  ],
};

const projects = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'settings', 'status', 'trackCount', ...alwaysOwned],
        properties: {
          name: { bsonType: 'string', maxLength: 120 },
          description: { bsonType: 'string', maxLength: 2000 },
          settings: object,
          status: { bsonType: 'string', enum: ['DRAFT', 'ACTIVE', 'ARCHIVED'] },
          trackCount: integer,
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const rateCounts = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['key', 'count', 'expiresAt', ...always],
        properties: { key: string, count: integer, expiresAt: date, ...base },
      },
    },
    { _id: anyId },
  ],
};

const sessions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['refreshTokenHash', 'expiresAt', ...alwaysOwned],
        properties: {
          refreshTokenHash: string,
          userAgent: { bsonType: 'string', maxLength: 512 },
          ip: { bsonType: 'string', maxLength: 64 },
          expiresAt: date,
          rotatedAt: date,
          ...baseOwned,
        },
      },
    },
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
          trackNumber: {
            bsonType: ['int', 'long', 'double'],
            multipleOf: 1,
            minimum: 1,
            maximum: 9999,
          },
          lyrics: { bsonType: 'string', maxLength: 20000 },
          fileName: { bsonType: 'string', maxLength: 255 },
          contentType: { bsonType: 'string', maxLength: 128 },
          size: positive,
          checksum: { bsonType: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' },
          filePath: { bsonType: 'string', maxLength: 512 },
          status: {
            bsonType: 'string',
            enum: ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'],
          },
          progress: { bsonType: 'number', minimum: 0, maximum: 100 },
          metadata: object,
          derivatives: {
            bsonType: 'array',
            items: {
              bsonType: 'object',
              additionalProperties: false,
              required: ['name', 'contentType', 'size'],
              properties: {
                name: { bsonType: 'string', maxLength: 64 },
                contentType: { bsonType: 'string', maxLength: 128 },
                size: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0 },
                width: integer,
                height: integer,
              },
            },
          },
          warnings: { bsonType: 'array', items: string },
          error: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['code', 'message'],
            properties: {
              code: { bsonType: 'string', maxLength: 64 },
              message: { bsonType: 'string', maxLength: 1000 },
            },
          },
          object: {
            bsonType: 'object',
            additionalProperties: false,
            properties: { etag: string, sequencer: string },
          },
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          audio: {
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
          },
          analysis: {
            bsonType: 'object',
            additionalProperties: false,
            properties: {
              bpm: number,
              bpmConfidence: number,
              key: string,
              scale: { bsonType: 'string', enum: ['MAJOR', 'MINOR'] },
              keyConfidence: number,
              loudness: {
                bsonType: 'object',
                additionalProperties: false,
                properties: { integratedLufs: number, rangeLu: number, truePeakDbtp: number },
              },
              algorithms: object,
            },
          },
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

const userSettings = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'preferences',
          'application',
          'personalization',
          'notifications',
          ...alwaysOwned,
        ],
        properties: {
          preferences: object,
          application: object,
          personalization: object,
          notifications: object,
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const users = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['email', 'username', 'hashedPassword', 'isActive', 'isAdmin', ...always],
        properties: {
          email: { bsonType: 'string', maxLength: 255 },
          username: {
            bsonType: 'string',
            minLength: 3,
            maxLength: 50,
            pattern: '^[A-Za-z0-9_.-]+$',
          },
          hashedPassword: string,
          displayName: { bsonType: 'string', maxLength: 100 },
          bio: { bsonType: 'string', maxLength: 2000 },
          locale: {
            bsonType: 'string',
            maxLength: 35,
            pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
          },
          isActive: boolean,
          isAdmin: boolean,
          emailVerifiedAt: date,
          lastLoginAt: date,
          ...base,
        },
      },
    },
    { _id: anyId },
  ],
};
