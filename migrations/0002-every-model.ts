import { UUID } from '../src/data/ids.ts';
import type { Migration } from '../src/data/migrations/migration.ts';

/** Every model. */
export const everyModel: Migration = {
  id: '0002-every-model',

  async up(m) {
    await m.createCollection('audios', {
      validator: audios,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 } },
        { key: { status: 1, updatedAt: 1 } },
        { key: { user: 1, kind: 1, createdAt: -1, _id: -1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('comfyUIExecutionLogs', {
      validator: comfyUIExecutionLogs,
      indexes: [
        { key: { user: 1, execution: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, execution: 1, level: 1, createdAt: -1, _id: -1 } },
        { key: { execution: 1 } },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ],
    });

    await m.createCollection('comfyUIPods', {
      validator: comfyUIPods,
      indexes: [
        { key: { createdAt: -1, _id: -1 } },
        { key: { status: 1, createdAt: -1, _id: -1 } },
        { key: { runpodPod: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('comfyUIResourceUsages', {
      validator: comfyUIResourceUsages,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, execution: 1, createdAt: -1, _id: -1 } },
        { key: { execution: 1 } },
        { key: { pod: 1 }, sparse: true },
      ],
    });

    await m.createCollection('comfyUIWorkflowConfigs', {
      validator: comfyUIWorkflowConfigs,
      indexes: [
        { key: { user: 1, isPublic: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, isPublic: 1, name: 1, _id: 1 } },
        { key: { isPublic: 1, createdAt: -1, _id: -1 } },
        { key: { isPublic: 1, name: 1, _id: 1 } },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('comfyUIWorkflowExecutions', {
      validator: comfyUIWorkflowExecutions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, workflow: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { workflow: 1 } },
        { key: { project: 1 }, sparse: true },
        { key: { job: 1 }, sparse: true },
        { key: { pod: 1 }, sparse: true },
        { key: { 'outputs.image': 1 }, sparse: true },
        { key: { 'outputs.video': 1 }, sparse: true },
        { key: { 'outputs.audio': 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('consents', {
      validator: consents,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, purpose: 1, createdAt: -1, _id: -1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('creditAccounts', {
      validator: creditAccounts,
      indexes: [{ key: { user: 1 }, unique: true }],
    });

    await m.createCollection('creditHolds', {
      validator: creditHolds,
      indexes: [
        { key: { user: 1, state: 1 } },
        { key: { job: 1 }, sparse: true },
        { key: { state: 1, expiresAt: 1 } },
      ],
    });

    await m.createCollection('creditsTransactions', {
      validator: creditsTransactions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, type: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, payment: 1, createdAt: -1, _id: -1 } },
        { key: { key: 1 }, unique: true },
        { key: { payment: 1 }, sparse: true },
        { key: { job: 1 }, sparse: true },
        { key: { reverses: 1 }, sparse: true },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('exports', {
      validator: exportsField,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, format: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 } },
        { key: { job: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('images', {
      validator: images,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 } },
        { key: { status: 1, updatedAt: 1 } },
        outboxIndex,
      ],
    });

    // jobs: field hold is new
    // jobs: index hold_1 is missing
    // jobs: index removing_1 is missing
    await m.setValidator('jobs', jobs);
    await m.createIndex('jobs', { hold: 1 }, { sparse: true });
    await m.createIndex('jobs', { removing: 1 }, { sparse: true });

    await m.createCollection('llmInteractions', {
      validator: llmInteractions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, model: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 }, sparse: true },
        { key: { job: 1 }, sparse: true },
        { key: { 'attachments.image': 1 }, sparse: true },
        { key: { 'attachments.audio': 1 }, sparse: true },
        { key: { 'attachments.track': 1 }, sparse: true },
        { key: { 'attachments.video': 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('llmMetrics', {
      validator: llmMetrics,
      indexes: [
        { key: { createdAt: -1, _id: -1 } },
        { key: { period: 1, at: -1, _id: -1 } },
        { key: { model: 1, period: 1, at: -1, _id: -1 } },
        { key: { model: 1, period: 1, at: 1 }, unique: true },
      ],
    });

    await m.createCollection('llmModels', {
      validator: llmModels,
      indexes: [
        { key: { name: 1 }, unique: true },
        { key: { createdAt: -1, _id: -1 } },
        { key: { isEnabled: 1, createdAt: -1, _id: -1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('paymentMethods', {
      validator: paymentMethods,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1 }, unique: true, partialFilterExpression: { isDefault: true } },
        { key: { provider: 1, providerId: 1 }, unique: true },
        outboxIndex,
      ],
    });

    await m.createCollection('payments', {
      validator: payments,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { paymentMethod: 1 }, sparse: true },
        {
          key: { provider: 1, providerId: 1 },
          unique: true,
          partialFilterExpression: { providerId: { $exists: true } },
        },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    // projects: field coverImage is new
    // projects: index coverImage_1 is missing
    await m.setValidator('projects', projects);
    await m.createIndex('projects', { coverImage: 1 }, { sparse: true });

    await m.createCollection('retentionPolicies', {
      validator: retentionPolicies,
      indexes: [
        { key: { createdAt: -1, _id: -1 } },
        { key: { entity: 1, createdAt: -1, _id: -1 } },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('retentionRuns', {
      validator: retentionRuns,
      indexes: [
        { key: { createdAt: -1, _id: -1 } },
        { key: { policy: 1, createdAt: -1, _id: -1 } },
        outboxIndex,
      ],
    });

    await m.createCollection('runPodConfigurations', {
      validator: runPodConfigurations,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, name: 1, _id: 1 } },
        { key: { defaultTemplate: 1 }, sparse: true },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('runPodExecutions', {
      validator: runPodExecutions,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, configuration: 1, createdAt: -1, _id: -1 } },
        { key: { configuration: 1 } },
        { key: { job: 1 }, sparse: true },
        { key: { runpodId: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('runPodPods', {
      validator: runPodPods,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, configuration: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, template: 1, createdAt: -1, _id: -1 } },
        { key: { configuration: 1 } },
        { key: { template: 1 }, sparse: true },
        { key: { runpodId: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('runPodTemplates', {
      validator: runPodTemplates,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, name: 1, _id: 1 } },
        { key: { user: 1, category: 1, createdAt: -1, _id: -1 } },
        { key: { removing: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('runPodUsers', {
      validator: runPodUsers,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { configuration: 1 }, unique: true },
        outboxIndex,
      ],
    });

    await m.createCollection('sealingKeys', {
      validator: sealingKeys,
      indexes: [],
    });

    await m.createCollection('socialAccounts', {
      validator: socialAccounts,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, provider: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { provider: 1, accountId: 1, user: 1 }, unique: true },
        outboxIndex,
      ],
    });

    await m.createCollection('stats', {
      validator: stats,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, period: 1, at: -1, _id: -1 } },
        { key: { user: 1, metric: 1, period: 1, at: -1, _id: -1 } },
        { key: { user: 1, metric: 1, period: 1, at: 1, dimensions: 1 }, unique: true },
      ],
    });

    // users: field avatar is new
    // users: index avatar_1 is missing
    await m.setValidator('users', users);
    await m.createIndex('users', { avatar: 1 }, { sparse: true });

    await m.createCollection('videos', {
      validator: videos,
      indexes: [
        { key: { user: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, project: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { project: 1 } },
        { key: { status: 1, updatedAt: 1 } },
        { key: { user: 1, track: 1, createdAt: -1, _id: -1 } },
        { key: { track: 1 }, sparse: true },
        outboxIndex,
      ],
    });

    await m.createCollection('webhookDeliveries', {
      validator: webhookDeliveries,
      indexes: [
        { key: { user: 1, endpoint: 1, createdAt: -1, _id: -1 } },
        { key: { user: 1, endpoint: 1, status: 1, createdAt: -1, _id: -1 } },
        { key: { endpoint: 1 } },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ],
    });

    await m.createCollection('webhookEndpoints', {
      validator: webhookEndpoints,
      indexes: [{ key: { user: 1, createdAt: -1, _id: -1 } }, outboxIndex],
    });

    await m.createCollection('webhookEvents', {
      validator: webhookEvents,
      indexes: [
        { key: { provider: 1, eventId: 1 }, unique: true },
        { key: { expiresAt: 1 }, expireAfterSeconds: 0 },
      ],
    });
  },

  async down(m) {
    await m.dropCollection('webhookEvents');
    await m.dropCollection('webhookEndpoints');
    await m.dropCollection('webhookDeliveries');
    await m.dropCollection('videos');
    await m.setValidator('users', usersBefore);
    // Check by hand: users lost avatar. A document that still has it can no longer be written:
    // await m.eachBatch('drop avatar', 'users', { avatar: { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { avatar: '' }, $inc: { version: 1 } } },
    //   })),
    // );
    await m.dropIndex('users', 'avatar_1');

    await m.dropCollection('stats');
    await m.dropCollection('socialAccounts');
    // sealingKeys stay: what they sealed may come back with a backup, and opens with nothing else.
    await m.dropCollection('runPodUsers');
    await m.dropCollection('runPodTemplates');
    await m.dropCollection('runPodPods');
    await m.dropCollection('runPodExecutions');
    await m.dropCollection('runPodConfigurations');
    await m.dropCollection('retentionRuns');
    await m.dropCollection('retentionPolicies');
    await m.setValidator('projects', projectsBefore);
    // Check by hand: projects lost coverImage. A document that still has it can no longer be written:
    // await m.eachBatch('drop coverImage', 'projects', { coverImage: { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { coverImage: '' }, $inc: { version: 1 } } },
    //   })),
    // );
    await m.dropIndex('projects', 'coverImage_1');

    await m.dropCollection('payments');
    await m.dropCollection('paymentMethods');
    await m.dropCollection('llmModels');
    await m.dropCollection('llmMetrics');
    await m.dropCollection('llmInteractions');
    await m.setValidator('jobs', jobsBefore);
    // Check by hand: jobs lost hold. A document that still has it can no longer be written:
    // await m.eachBatch('drop hold', 'jobs', { hold: { $exists: true } }, (documents) =>
    //   documents.map(({ _id }) => ({
    //     updateOne: { filter: { _id }, update: { $unset: { hold: '' }, $inc: { version: 1 } } },
    //   })),
    // );
    await m.dropIndex('jobs', 'hold_1');
    await m.dropIndex('jobs', 'removing_1');

    await m.dropCollection('images');
    await m.dropCollection('exports');
    await m.dropCollection('creditsTransactions');
    await m.dropCollection('creditHolds');
    await m.dropCollection('creditAccounts');
    await m.dropCollection('consents');
    await m.dropCollection('comfyUIWorkflowExecutions');
    await m.dropCollection('comfyUIWorkflowConfigs');
    await m.dropCollection('comfyUIResourceUsages');
    await m.dropCollection('comfyUIPods');
    await m.dropCollection('comfyUIExecutionLogs');
    await m.dropCollection('audios');
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

const status = { bsonType: 'string', enum: ['AWAITING_UPLOAD', 'PROCESSING', 'READY', 'FAILED'] };

const derivatives = {
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
const baseUrl = {
  bsonType: 'string',
  maxLength: 2048,
  pattern: '^https?:\\/\\/[^\\s/]+(\\/\\S*)?$',
};
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

const username = { bsonType: 'string', minLength: 3, maxLength: 50, pattern: '^[A-Za-z0-9_.-]+$' };
const locale = {
  bsonType: 'string',
  maxLength: 35,
  pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
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
          kind: { bsonType: 'string', enum: ['RECORDING', 'SAMPLE', 'STEM', 'VOICE', 'EFFECT'] },
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
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const comfyUIExecutionLogs = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['execution', 'at', 'level', 'event', 'expiresAt', ...alwaysOwned],
        properties: {
          execution: binary,
          at: date,
          level: { bsonType: 'string', enum: ['DEBUG', 'INFO', 'WARN', 'ERROR'] },
          event: { bsonType: 'string', maxLength: 64 },
          node: { bsonType: 'string', maxLength: 64 },
          message: { bsonType: 'string', maxLength: 4000 },
          data: object,
          expiresAt: date,
          ...baseOwned,
        },
      },
    },
    { execution: anyId },
    { _id: anyId },
    { user: anyId },
  ],
};

const comfyUIPods = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'baseUrl', 'status', ...always],
        properties: {
          name: { bsonType: 'string', maxLength: 120 },
          baseUrl,
          runpodPod: binary,
          status: {
            bsonType: 'string',
            enum: ['STARTING', 'READY', 'BUSY', 'UNREACHABLE', 'STOPPED'],
          },
          capabilities: object,
          lastSeenAt: date,
          queueRemaining: count,
          ...base,
        },
      },
    },
    { $or: [{ runpodPod: { $exists: false } }, { runpodPod: anyId }] },
    { _id: anyId },
  ],
};

const comfyUIResourceUsages = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['execution', 'at', ...alwaysOwned],
        properties: {
          execution: binary,
          pod: binary,
          at: date,
          vramTotal: count,
          vramFree: count,
          ramFree: count,
          gpuSeconds: { bsonType: 'number', minimum: 0 },
          cost: { bsonType: 'number', minimum: 0 },
          ...baseOwned,
        },
      },
    },
    { execution: anyId },
    { $or: [{ pod: { $exists: false } }, { pod: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const comfyUIWorkflowConfigs = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'name',
          'graph',
          'parameters',
          'outputs',
          'isPublic',
          'creditCost',
          'revision',
          ...alwaysOwned,
        ],
        properties: {
          name: { bsonType: 'string', maxLength: 120 },
          description: { bsonType: 'string', maxLength: 2000 },
          graph: object,
          parameters: {
            bsonType: 'array',
            items: {
              bsonType: 'object',
              additionalProperties: false,
              required: ['name', 'type', 'path'],
              properties: {
                name: { bsonType: 'string', pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' },
                type: {
                  bsonType: 'string',
                  enum: ['STRING', 'INTEGER', 'NUMBER', 'BOOLEAN', 'IMAGE', 'AUDIO'],
                },
                path: {
                  bsonType: 'string',
                  maxLength: 200,
                  pattern: '^[\\w-]+\\.inputs\\.[\\w. -]+$',
                },
                default: object,
                min: number,
                max: number,
                enum: {
                  bsonType: 'array',
                  items: { bsonType: 'string', maxLength: 255 },
                  maxItems: 100,
                },
                required: boolean,
              },
            },
            maxItems: 100,
          },
          outputs: {
            bsonType: 'array',
            items: {
              bsonType: 'object',
              additionalProperties: false,
              required: ['node', 'kind'],
              properties: {
                node: { bsonType: 'string', maxLength: 64 },
                kind: { bsonType: 'string', enum: ['IMAGE', 'VIDEO', 'AUDIO'] },
              },
            },
            maxItems: 20,
          },
          isPublic: boolean,
          creditCost: {
            bsonType: ['int', 'long', 'double'],
            multipleOf: 1,
            minimum: 0,
            maximum: 1000000,
          },
          revision: positive,
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const comfyUIWorkflowExecutions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['workflow', 'workflowRevision', 'parameters', 'status', ...alwaysOwned],
        properties: {
          workflow: binary,
          workflowRevision: positive,
          parameters: object,
          project: binary,
          job: binary,
          status: {
            bsonType: 'string',
            enum: ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'LOST'],
          },
          error,
          startedAt: date,
          completedAt: date,
          pod: binary,
          promptId: { bsonType: 'string', maxLength: 64 },
          outputs: {
            bsonType: 'array',
            items: {
              bsonType: 'object',
              additionalProperties: false,
              required: ['node', 'kind'],
              properties: {
                node: { bsonType: 'string', maxLength: 64 },
                kind: { bsonType: 'string', enum: ['IMAGE', 'VIDEO', 'AUDIO'] },
                image: binary,
                video: binary,
                audio: binary,
              },
            },
            maxItems: 100,
          },
          nodeErrors: object,
          queuedSeconds: { bsonType: 'number', minimum: 0 },
          runSeconds: { bsonType: 'number', minimum: 0 },
          ...baseOwned,
        },
      },
    },
    { workflow: anyId },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
    { $or: [{ pod: { $exists: false } }, { pod: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const consents = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['purpose', 'textVersion', 'granted', ...alwaysOwned],
        properties: {
          purpose: {
            bsonType: 'string',
            enum: [
              'TERMS',
              'PRIVACY',
              'MARKETING',
              'ANALYTICS',
              'AI_PROCESSING',
              'THIRD_PARTY_SHARING',
            ],
          },
          textVersion: { bsonType: 'string', maxLength: 64 },
          granted: boolean,
          ip: { bsonType: 'string', maxLength: 64 },
          userAgent: { bsonType: 'string', maxLength: 512 },
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const creditAccounts = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['balance', 'held', ...alwaysOwned],
        properties: { balance: count, held: count, ...baseOwned },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const creditHolds = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['amount', 'state', 'expiresAt', ...alwaysOwned],
        properties: {
          amount: positive,
          job: binary,
          state: { bsonType: 'string', enum: ['HELD', 'CAPTURED', 'RELEASED', 'EXPIRED'] },
          expiresAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const creditsTransactions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['type', 'amount', 'balanceAfter', 'key', ...alwaysOwned],
        properties: {
          type: { bsonType: 'string', enum: ['PURCHASE', 'SPEND', 'REFUND', 'BONUS'] },
          amount: integer,
          balanceAfter: count,
          payment: binary,
          job: binary,
          reverses: binary,
          reason: { bsonType: 'string', maxLength: 500 },
          key: { bsonType: 'string', maxLength: 255 },
          ...baseOwned,
        },
      },
    },
    { $or: [{ payment: { $exists: false } }, { payment: anyId }] },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
    { $or: [{ reverses: { $exists: false } }, { reverses: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const exportsField = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['project', 'format', 'settings', 'status', ...alwaysOwned],
        properties: {
          project: binary,
          format: { bsonType: 'string', enum: ['MP3', 'WAV', 'FLAC', 'M4A', 'MP4', 'ZIP'] },
          settings: object,
          job: binary,
          status: {
            bsonType: 'string',
            enum: ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'],
          },
          error,
          startedAt: date,
          completedAt: date,
          filePath: { bsonType: 'string', maxLength: 512 },
          size: count,
          durationSeconds: { bsonType: 'number', minimum: 0 },
          expiresAt: date,
          ...baseOwned,
        },
      },
    },
    { project: anyId },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
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
          derivativesPath: { bsonType: 'string', maxLength: 512 },
          image: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['width', 'height', 'format', 'orientation', 'hasAlpha'],
            properties: {
              width: positive,
              height: positive,
              format: { bsonType: 'string', maxLength: 16 },
              orientation: {
                bsonType: ['int', 'long', 'double'],
                multipleOf: 1,
                minimum: 1,
                maximum: 8,
              },
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

const llmInteractions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['model', 'messages', 'modalities', 'parameters', 'status', ...alwaysOwned],
        properties: {
          model: { bsonType: 'string', maxLength: 64 },
          provider: { bsonType: 'string', maxLength: 64 },
          messages: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          attachments: {
            bsonType: 'array',
            items: {
              bsonType: 'object',
              additionalProperties: false,
              properties: { image: binary, audio: binary, track: binary, video: binary },
            },
            maxItems: 16,
          },
          modalities: {
            bsonType: 'array',
            items: { bsonType: 'string', enum: ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'] },
            maxItems: 4,
          },
          parameters: object,
          project: binary,
          job: binary,
          status: statusField,
          error,
          startedAt: date,
          completedAt: date,
          response: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          usage: {
            bsonType: 'object',
            additionalProperties: false,
            properties: {
              promptTokens: count,
              completionTokens: count,
              textTokens: count,
              audioTokens: count,
              imageTokens: count,
              videoTokens: count,
            },
          },
          latencyMs: count,
          firstTokenMs: count,
          cost: { bsonType: 'number', minimum: 0 },
          finishReason: { bsonType: 'string', maxLength: 64 },
          ...baseOwned,
        },
      },
    },
    { $or: [{ project: { $exists: false } }, { project: anyId }] },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const llmMetrics = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['period', 'at', 'model', 'requests', 'errors', 'tokens', 'cost', ...always],
        properties: {
          period: { bsonType: 'string', enum: ['HOUR', 'DAY', 'MONTH'] },
          at: date,
          p50: number,
          p95: number,
          model: { bsonType: 'string', maxLength: 64 },
          requests: count,
          errors: count,
          tokens: count,
          cost: { bsonType: 'number', minimum: 0 },
          ...base,
        },
      },
    },
    { _id: anyId },
  ],
};

const llmModels = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'provider', 'capabilities', 'prices', 'isEnabled', ...always],
        properties: {
          name: { bsonType: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' },
          provider: { bsonType: 'string', maxLength: 64 },
          baseUrl,
          capabilities: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['input', 'output', 'streaming'],
            properties: {
              input: {
                bsonType: 'array',
                items: { bsonType: 'string', enum: ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'] },
                maxItems: 4,
              },
              output: {
                bsonType: 'array',
                items: { bsonType: 'string', enum: ['TEXT', 'AUDIO', 'IMAGE', 'VIDEO'] },
                maxItems: 4,
              },
              streaming: { bsonType: 'string', enum: ['REQUIRED', 'OPTIONAL', 'NONE'] },
            },
          },
          prices: object,
          isEnabled: boolean,
          ...base,
        },
      },
    },
    { _id: anyId },
  ],
};

const paymentMethods = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['provider', 'providerId', 'type', 'isDefault', ...alwaysOwned],
        properties: {
          provider: { bsonType: 'string', enum: ['STRIPE'] },
          providerId: { bsonType: 'string', maxLength: 255 },
          type: { bsonType: 'string', maxLength: 32 },
          brand: { bsonType: 'string', maxLength: 32 },
          last4: { bsonType: 'string', pattern: '^\\d{4}$' },
          expMonth: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1, maximum: 12 },
          expYear: {
            bsonType: ['int', 'long', 'double'],
            multipleOf: 1,
            minimum: 2000,
            maximum: 2199,
          },
          isDefault: boolean,
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const payments = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'amount',
          'currency',
          'credits',
          'package',
          'provider',
          'status',
          'refundedAmount',
          ...alwaysOwned,
        ],
        properties: {
          amount: count,
          currency: { bsonType: 'string', pattern: '^[A-Z]{3}$' },
          credits: positive,
          package: { bsonType: 'string', maxLength: 64 },
          provider: { bsonType: 'string', enum: ['STRIPE'] },
          providerId: { bsonType: 'string', maxLength: 255 },
          paymentMethod: binary,
          status: { bsonType: 'string', enum: ['PENDING', 'COMPLETED', 'FAILED', 'REFUNDED'] },
          refundedAmount: count,
          receiptUrl: { bsonType: 'string', maxLength: 2048 },
          error,
          completedAt: date,
          ...baseOwned,
        },
      },
    },
    { $or: [{ paymentMethod: { $exists: false } }, { paymentMethod: anyId }] },
    { _id: anyId },
    { user: anyId },
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
          coverImage: binary,
          trackCount: integer,
          ...baseOwned,
        },
      },
    },
    { $or: [{ coverImage: { $exists: false } }, { coverImage: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const projectsBefore = {
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

const retentionPolicies = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['entity', 'filter', 'after', 'action', 'enabled', ...always],
        properties: {
          entity: { bsonType: 'string', maxLength: 64 },
          filter: object,
          after: {
            bsonType: 'string',
            maxLength: 32,
            pattern: '^P(?!$)(\\d+Y)?(\\d+M)?(\\d+W)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+S)?)?$',
          },
          action: { bsonType: 'string', enum: ['DELETE', 'ANONYMIZE', 'ARCHIVE'] },
          enabled: boolean,
          ...base,
        },
      },
    },
    { _id: anyId },
  ],
};

const retentionRuns = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['policy', 'dryRun', 'matched', 'deleted', 'bytesFreed', 'errors', ...always],
        properties: {
          policy: binary,
          dryRun: boolean,
          matched: count,
          deleted: count,
          bytesFreed: count,
          errors: { bsonType: 'array', items: string, maxItems: 100 },
          evidence: object,
          ...base,
        },
      },
    },
    { policy: anyId },
    { _id: anyId },
  ],
};

const runPodConfigurations = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'apiKey', 'endpointIds', 'gpuTypes', ...alwaysOwned],
        properties: {
          name: { bsonType: 'string', maxLength: 120 },
          apiKey: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary, last4: { bsonType: 'string', maxLength: 4 } },
          },
          endpointIds: object,
          defaultTemplate: binary,
          gpuTypes: {
            bsonType: 'array',
            items: { bsonType: 'string', maxLength: 120 },
            maxItems: 50,
          },
          limits: {
            bsonType: 'object',
            additionalProperties: false,
            properties: {
              maxPods: {
                bsonType: ['int', 'long', 'double'],
                multipleOf: 1,
                minimum: 0,
                maximum: 1000,
              },
              maxSpendPerHour: { bsonType: 'number', minimum: 0, maximum: 10000 },
            },
          },
          webhookToken: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          ...baseOwned,
        },
      },
    },
    { $or: [{ defaultTemplate: { $exists: false } }, { defaultTemplate: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const runPodExecutions = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['configuration', 'endpointId', 'input', 'status', ...alwaysOwned],
        properties: {
          configuration: binary,
          endpointId: { bsonType: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
          input: object,
          job: binary,
          status: {
            bsonType: 'string',
            enum: [
              'IN_QUEUE',
              'IN_PROGRESS',
              'COMPLETED',
              'FAILED',
              'CANCELLED',
              'TIMED_OUT',
              'LOST',
            ],
          },
          error,
          startedAt: date,
          completedAt: date,
          runpodId: { bsonType: 'string', maxLength: 128 },
          output: object,
          delayMs: count,
          executionMs: count,
          cost: { bsonType: 'number', minimum: 0 },
          webhookSeenAt: date,
          ...baseOwned,
        },
      },
    },
    { configuration: anyId },
    { $or: [{ job: { $exists: false } }, { job: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const runPodPods = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['configuration', 'name', 'gpuCount', 'cloud', 'status', ...alwaysOwned],
        properties: {
          configuration: binary,
          template: binary,
          name: { bsonType: 'string', maxLength: 120 },
          gpuType: { bsonType: 'string', maxLength: 120 },
          gpuCount: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 1, maximum: 8 },
          cloud: { bsonType: 'string', enum: ['SECURE', 'COMMUNITY'] },
          status: {
            bsonType: 'string',
            enum: ['PROVISIONING', 'STARTING', 'RUNNING', 'EXITED', 'ERROR', 'TERMINATED'],
          },
          runpodId: { bsonType: 'string', maxLength: 64 },
          costPerHour: { bsonType: 'number', minimum: 0 },
          runtime: object,
          error,
          startedAt: date,
          stoppedAt: date,
          ...baseOwned,
        },
      },
    },
    { configuration: anyId },
    { $or: [{ template: { $exists: false } }, { template: anyId }] },
    { _id: anyId },
    { user: anyId },
  ],
};

const runPodTemplates = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['name', 'image', 'diskGb', 'ports', 'isServerless', ...alwaysOwned],
        properties: {
          name: { bsonType: 'string', maxLength: 120 },
          image: { bsonType: 'string', maxLength: 255, pattern: '^[a-z0-9][\\w./:@-]*$' },
          args: { bsonType: 'string', maxLength: 2000 },
          diskGb: {
            bsonType: ['int', 'long', 'double'],
            multipleOf: 1,
            minimum: 1,
            maximum: 10000,
          },
          ports: {
            bsonType: 'array',
            items: { bsonType: 'string', maxLength: 16, pattern: '^\\d{1,5}\\/(http|tcp)$' },
            maxItems: 20,
          },
          env: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          isServerless: boolean,
          category: { bsonType: 'string', maxLength: 64 },
          runpodId: { bsonType: 'string', maxLength: 64 },
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const runPodUsers = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['configuration', 'runpodId', 'syncedAt', ...alwaysOwned],
        properties: {
          configuration: binary,
          runpodId: { bsonType: 'string', maxLength: 64 },
          email: { bsonType: 'string', maxLength: 255 },
          balance: number,
          spendPerHour: { bsonType: 'number', minimum: 0 },
          spendLimit: { bsonType: 'number', minimum: 0 },
          syncedAt: date,
          ...baseOwned,
        },
      },
    },
    { configuration: anyId },
    { _id: anyId },
    { user: anyId },
  ],
};

const sealingKeys = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['wrapper', 'wrapped', ...always],
        properties: { wrapper: string, wrapped: binary, ...base },
      },
    },
    { _id: anyId },
  ],
};

const socialAccounts = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['provider', 'accountId', 'status', ...alwaysOwned],
        properties: {
          provider: {
            bsonType: 'string',
            enum: ['YOUTUBE', 'TIKTOK', 'INSTAGRAM', 'SOUNDCLOUD', 'SPOTIFY'],
          },
          accountId: { bsonType: 'string', maxLength: 255 },
          accountName: { bsonType: 'string', maxLength: 255 },
          scopes: {
            bsonType: 'array',
            items: { bsonType: 'string', maxLength: 255 },
            maxItems: 50,
          },
          accessToken: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          refreshToken: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary },
          },
          accessTokenExpiresAt: date,
          refreshTokenExpiresAt: date,
          metadata: object,
          status: {
            bsonType: 'string',
            enum: ['CONNECTED', 'EXPIRED', 'REAUTH_REQUIRED', 'REVOKED'],
          },
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const stats = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['period', 'at', 'metric', 'count', 'sum', 'dimensions', ...always],
        properties: {
          period: { bsonType: 'string', enum: ['HOUR', 'DAY', 'MONTH'] },
          at: date,
          p50: number,
          p95: number,
          metric: { bsonType: 'string', maxLength: 64 },
          count,
          sum: number,
          min: number,
          max: number,
          dimensions: object,
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { $or: [{ user: { $exists: false } }, { user: anyId }] },
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
          username,
          hashedPassword: string,
          displayName: { bsonType: 'string', maxLength: 100 },
          bio: { bsonType: 'string', maxLength: 2000 },
          avatar: binary,
          locale,
          isActive: boolean,
          isAdmin: boolean,
          emailVerifiedAt: date,
          lastLoginAt: date,
          ...base,
        },
      },
    },
    { $or: [{ avatar: { $exists: false } }, { avatar: anyId }] },
    { _id: anyId },
  ],
};

const usersBefore = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['email', 'username', 'hashedPassword', 'isActive', 'isAdmin', ...always],
        properties: {
          email: { bsonType: 'string', maxLength: 255 },
          username,
          hashedPassword: string,
          displayName: { bsonType: 'string', maxLength: 100 },
          bio: { bsonType: 'string', maxLength: 2000 },
          locale,
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
              rotation: {
                bsonType: ['int', 'long', 'double'],
                multipleOf: 1,
                minimum: 0,
                maximum: 270,
              },
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

const webhookDeliveries = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: [
          'endpoint',
          'event',
          'payload',
          'status',
          'attempts',
          'expiresAt',
          ...alwaysOwned,
        ],
        properties: {
          endpoint: binary,
          event: { bsonType: 'string', maxLength: 64 },
          payload: object,
          status: { bsonType: 'string', enum: ['PENDING', 'DELIVERED', 'FAILED'] },
          attempts: count,
          responseStatus: {
            bsonType: ['int', 'long', 'double'],
            multipleOf: 1,
            minimum: 100,
            maximum: 599,
          },
          nextAttemptAt: date,
          expiresAt: date,
          ...baseOwned,
        },
      },
    },
    { endpoint: anyId },
    { _id: anyId },
    { user: anyId },
  ],
};

const webhookEndpoints = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['url', 'events', 'enabled', ...alwaysOwned],
        properties: {
          url: { bsonType: 'string', maxLength: 2048, pattern: '^https:\\/\\/[^\\s/]+(\\/\\S*)?$' },
          description: { bsonType: 'string', maxLength: 500 },
          events: {
            bsonType: 'array',
            items: { bsonType: 'string', maxLength: 64, pattern: '^[a-z]+\\.([a-z_]+|\\*)$' },
            maxItems: 50,
          },
          enabled: boolean,
          secret: {
            bsonType: 'object',
            additionalProperties: false,
            required: ['bytes'],
            properties: { bytes: binary, last4: { bsonType: 'string', maxLength: 4 } },
          },
          ...baseOwned,
        },
      },
    },
    { _id: anyId },
    { user: anyId },
  ],
};

const webhookEvents = {
  $and: [
    {
      $jsonSchema: {
        bsonType: 'object',
        additionalProperties: false,
        required: ['provider', 'eventId', 'type', 'expiresAt', ...always],
        properties: {
          provider: { bsonType: 'string', enum: ['STRIPE', 'RUNPOD'] },
          eventId: { bsonType: 'string', maxLength: 255 },
          type: { bsonType: 'string', maxLength: 128 },
          expiresAt: date,
          ...base,
        },
      },
    },
    { _id: anyId },
  ],
};
