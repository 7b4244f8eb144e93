import Joi from 'joi';
import { secrets } from './secrets.ts';

/** Private signing key as a JWK with its `kid`; the first of the list signs, the others still verify. */
interface TokenKey {
  kid: string;
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  d: string;
}

export interface Config {
  stage: string;
  apiUrl: string;
  logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'SILENT';
  mongodbUri: string;
  region: string;
  /** What S3 links are signed with; on Lambda its role's, which last as long as the process. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  mediaBucket: string;
  s3Endpoint?: string;
  sqsEndpoint?: string;
  jobsQueueUrl?: string;
  auditQueueUrl?: string;
  tokenKeys: TokenKey[];
  appSecret: Buffer;
  /** The KMS key that wraps the data keys of encrypted fields; without it they are wrapped under the app's secret. */
  sealingKeyArn?: string;
  corsOrigins: string[];
  ffmpegPath: string;
  registrationsPerMinute: number;
  callsPerMinute: number;
  /** The largest file that is sent in one PUT, and the least part of a larger one, in bytes. */
  singlePutBytes: number;
  partBytes: number;
  /** The preview of how many seconds of 1080p, 30 frames each, one job makes in all of its time. */
  videoSecondsPerJob: number;
}

const tokenKey = Joi.object({
  kid: Joi.string().max(64).required(),
  kty: Joi.valid('EC').required(),
  crv: Joi.valid('P-256').required(),
  x: Joi.string().required(),
  y: Joi.string().required(),
  d: Joi.string().required(),
}).unknown(true);

// joi's own `uri()` tries one regular expression, which takes 20 ms to compile: at every cold start.
const url = Joi.string().custom((value: string, { error }) =>
  URL.canParse(value) ? value : error('string.uri'),
);

// At home, where the usual development servers of a front end are; elsewhere none.
const origins = Joi.string()
  .allow('')
  .when('STAGE', { is: 'local', otherwise: Joi.string().allow('').default('') })
  .default('http://localhost:*,http://127.0.0.1:*');

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const environment = Joi.object({
  STAGE: Joi.string().default('local'),
  API_URL: url.default('http://localhost:4000'),
  LOG_LEVEL: Joi.valid('DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT').default('INFO'),
  MONGODB_URI: Joi.string()
    .pattern(/^mongodb(\+srv)?:\/\//)
    .required(),
  AWS_REGION: Joi.string().default('us-east-1'),
  AWS_ACCESS_KEY_ID: Joi.string().allow('').default(''),
  AWS_SECRET_ACCESS_KEY: Joi.string().allow('').default(''),
  AWS_SESSION_TOKEN: Joi.string().allow(''),
  MEDIA_BUCKET: Joi.string().required(),
  S3_ENDPOINT: url,
  SQS_ENDPOINT: url,
  JOBS_QUEUE_URL: url,
  AUDIT_QUEUE_URL: url,
  TOKEN_KEYS: Joi.array().items(tokenKey).min(1).max(3).required(),
  APP_SECRET: Joi.string().base64().min(43).required(),
  SEALING_KEY_ARN: Joi.string().pattern(/^arn:[\w-]+:kms:/),
  CORS_ORIGINS: origins,
  FFMPEG_PATH: Joi.string().default('ffmpeg'),
  REGISTRATIONS_PER_MINUTE: Joi.number().integer().min(1).default(300),
  CALLS_PER_MINUTE: Joi.number().integer().min(1).default(6000),
  SINGLE_PUT_BYTES: Joi.number()
    .integer()
    .min(1)
    .max(5 * GIB)
    .default(64 * MIB),
  // S3 takes no part under 5 MiB but the last, and none over 5 GiB.
  PART_BYTES: Joi.number()
    .integer()
    .min(5 * MIB)
    .max(5 * GIB)
    .default(16 * MIB),
  VIDEO_SECONDS_PER_JOB: Joi.number().min(1).default(2400),
});

/** Checks an environment and types it. @throws Error naming every variable at fault. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = { ...env, TOKEN_KEYS: parsed(env.TOKEN_KEYS) };
  const { value, error } = environment.validate(given, { abortEarly: false, stripUnknown: true });
  if (error) throw new Error(`Configuration: ${error.details.map((d) => d.message).join('; ')}`);
  return Object.freeze({
    stage: value.STAGE,
    apiUrl: value.API_URL,
    logLevel: value.LOG_LEVEL,
    mongodbUri: value.MONGODB_URI,
    region: value.AWS_REGION,
    credentials: {
      accessKeyId: value.AWS_ACCESS_KEY_ID,
      secretAccessKey: value.AWS_SECRET_ACCESS_KEY,
      ...(value.AWS_SESSION_TOKEN && { sessionToken: value.AWS_SESSION_TOKEN }),
    },
    mediaBucket: value.MEDIA_BUCKET,
    s3Endpoint: value.S3_ENDPOINT,
    sqsEndpoint: value.SQS_ENDPOINT,
    jobsQueueUrl: value.JOBS_QUEUE_URL,
    auditQueueUrl: value.AUDIT_QUEUE_URL,
    tokenKeys: value.TOKEN_KEYS,
    appSecret: Buffer.from(value.APP_SECRET, 'base64'),
    sealingKeyArn: value.SEALING_KEY_ARN,
    corsOrigins: value.CORS_ORIGINS.split(',').filter(Boolean),
    ffmpegPath: value.FFMPEG_PATH,
    registrationsPerMinute: value.REGISTRATIONS_PER_MINUTE,
    callsPerMinute: value.CALLS_PER_MINUTE,
    singlePutBytes: value.SINGLE_PUT_BYTES,
    partBytes: value.PART_BYTES,
    videoSecondsPerJob: value.VIDEO_SECONDS_PER_JOB,
  });
}

function parsed(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return json; // joi says what is wrong with it
  }
}

/** The environment of this process, with its secrets; nothing else reads `process.env`. */
export const config: Config = readConfig({ ...process.env, ...secrets });
