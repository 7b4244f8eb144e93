import Joi from 'joi';
import {
  type AppSecret,
  keySchemas,
  parseList,
  sortAppSecrets,
  sortTokenKeys,
  type TokenKey,
} from './crypto/key-schemas.ts';
import { explain } from './explain-faults.ts';
import { findUnallowed, type Plans, plansSchema, readPlans } from './plans.ts';
import { type PriceList, pricesSchema, sortPrices } from './prices.ts';
import { readSecrets, secrets } from './secrets.ts';
import {
  type CreditPackage,
  packagesSchema,
  type SubscriptionPlan,
  subscriptionPlansSchema,
} from './sold.ts';

export interface Config {
  stage: string;
  apiUrl: string;
  /** Where the event stream is served: a function URL. */
  eventsUrl: string;
  /** Whether this process lives on, and follows the event log; else it asks each second. */
  followsEvents: boolean;
  /** Whether this process listens to the websockets of pods; else it only asks them how far they are. */
  listensToPods: boolean;
  logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'SILENT';
  mongodbUri: string;
  region: string;
  /** What S3 links are signed with; on Lambda its role's, which last as long as the process. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  mediaBucket: string;
  /** The bucket of the wrapped data keys: nobody makes a backup of it. */
  keyBucket: string;
  /** Where checkpoints of the audit log are stored under Object Lock; only what writes or reads those has it. */
  auditBucket?: string;
  s3Endpoint?: string;
  sqsEndpoint?: string;
  /** Where a worker of each job queue is woken. */
  jobQueueUrls: { media?: string; render?: string; provider?: string; upkeep?: string };
  auditQueueUrl?: string;
  /** As they were at the start, the newest first: `src/crypto/key-ring.ts` has those of now. */
  tokenKeys: TokenKey[];
  appSecrets: AppSecret[];
  /** The KMS key that wraps the data keys of encrypted fields; without it they are wrapped under the app's secret. */
  sealingKeyArn?: string;
  corsOrigins: string[];
  /** What CloudFront sends with each request, where it stands in front: others are refused. */
  edgeSecret?: string;
  /** The address that mails are from. Without it none can be sent. */
  mailFrom?: string;
  /** On a laptop: the folder that mails are written to instead of being sent. */
  mailDir?: string;
  /** Where the front end answers: links in mails lead there. */
  appUrl: string;
  ffmpegPath: string;
  /** The folder of the fonts that exports write with, as npm names them: `@fontsource/…`. */
  fontsPath: string;
  /** Whether this process began with a code cache: scripts/package/start.ts. */
  codeCache: 'USED' | 'NONE';
  registrationsPerMinute: number;
  callsPerMinute: number;
  /** The credits that all accounts together may have held in an hour, and those that a new account gets. */
  creditsPerHour: number;
  welcomeCredits: number;
  /** The prices of jobs, the oldest version first. */
  prices: readonly PriceList[];
  /** The plans that accounts have, the first one unless they have another: how much each allows. */
  plans: Plans;
  /** The most connections to the database that a deployed function holds in each of its processes. */
  databaseConnections: number;
  /** The largest file that is sent in one PUT, and the least part of a larger one, in bytes. */
  singlePutBytes: number;
  partBytes: number;
  /** The preview of how many seconds of 1080p, 30 frames each, one job makes in all of its time. */
  videoSecondsPerJob: number;
  /** How Stripe is called; without it nothing can be bought. */
  stripe?: {
    secretKey: string;
    /** What its events are signed with: while one is replaced by another, both. */
    webhookSecrets: string[];
    /** What answers in the place of api.stripe.com. */
    apiBase?: string;
    /** Whether the key moves money; events of the other mode are refused. */
    isLive: boolean;
  };
  /** What can be bought, and what can be subscribed to. */
  creditPackages: CreditPackage[];
  subscriptionPlans: SubscriptionPlan[];
  /** How many days a plan outlives a payment for it that failed. */
  graceDays: number;
  /** What judges what is generated, and of what; without it nothing is judged. */
  moderationUrl?: string;
  /** Whether webhooks may be sent by plain HTTP, and to this machine; never by what is deployed. */
  webhooksToLoopback: boolean;
}

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

/** What is said of a secret that its pattern does not match: joi's own message shows the value. */
const mustMatch = (text: string) => explain({ 'string.pattern.base': (name) => `${name} ${text}` });

const environment = Joi.object({
  STAGE: Joi.string().default('local'),
  API_URL: url.default('http://localhost:4000'),
  EVENTS_URL: url,
  LOG_LEVEL: Joi.valid('DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT').default('INFO'),
  MONGODB_URI: Joi.string()
    .pattern(/^mongodb(\+srv)?:\/\//)
    .error(mustMatch('must begin with mongodb:// or mongodb+srv://'))
    .required(),
  AWS_REGION: Joi.string().default('us-east-1'),
  AWS_ACCESS_KEY_ID: Joi.string().allow('').default(''),
  AWS_SECRET_ACCESS_KEY: Joi.string().allow('').default(''),
  AWS_SESSION_TOKEN: Joi.string().allow(''),
  MEDIA_BUCKET: Joi.string().required(),
  KEY_BUCKET: Joi.string().default('none'),
  AUDIT_BUCKET: Joi.string(),
  S3_ENDPOINT: url,
  SQS_ENDPOINT: url,
  MEDIA_QUEUE_URL: url,
  RENDER_QUEUE_URL: url,
  PROVIDER_QUEUE_URL: url,
  UPKEEP_QUEUE_URL: url,
  AUDIT_QUEUE_URL: url,
  ...keySchemas,
  SEALING_KEY_ARN: Joi.string().pattern(/^arn:[\w-]+:kms:/),
  CORS_ORIGINS: origins,
  EDGE_SECRET: Joi.string().min(32),
  MAIL_FROM: Joi.string()
    .allow('')
    .pattern(/^[^\s@<>]+@[^\s@<>]+$/, 'address'),
  MAIL_DIR: Joi.string(),
  APP_URL: url.allow(''),
  FFMPEG_PATH: Joi.string().default('ffmpeg'),
  FONTS_PATH: Joi.string().default('node_modules'),
  CODE_CACHE: Joi.valid('USED', 'NONE').default('NONE'),
  REGISTRATIONS_PER_MINUTE: Joi.number().integer().min(1).default(300),
  CALLS_PER_MINUTE: Joi.number().integer().min(1).default(6000),
  PLANS: plansSchema,
  PRICES: pricesSchema,
  CREDITS_PER_HOUR: Joi.number().integer().min(0).default(1_000_000),
  WELCOME_CREDITS: Joi.number().integer().min(0).max(1_000_000).default(100),
  DATABASE_CONNECTIONS: Joi.number().integer().min(1).max(10).default(10),
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
  STRIPE_SECRET_KEY: Joi.string()
    .allow('')
    .pattern(/^[rs]k_(test|live)_\w+$/)
    .error(mustMatch('must begin with sk_ or rk_, and its mode')),
  STRIPE_WEBHOOK_SECRET: Joi.string()
    .allow('')
    .pattern(/^whsec_\w+(,whsec_\w+)*$/)
    .error(mustMatch('must be one or more of whsec_…, with commas')),
  STRIPE_API_BASE: url.allow(''),
  CREDIT_PACKAGES: packagesSchema,
  SUBSCRIPTION_PLANS: subscriptionPlansSchema,
  GRACE_DAYS: Joi.number().integer().min(0).max(60).default(7),
  LISTENS_TO_PODS: Joi.boolean().default(false),
  MODERATION_URL: url.allow(''),
  WEBHOOKS_TO_LOOPBACK: Joi.boolean()
    .default(true)
    .when('STAGE', { is: 'local', otherwise: Joi.valid(false).default(false) }),
})
  .with('STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET')
  // An account that pays for a plan which is not there would be given the first one.
  .custom((given, { message }) => {
    const missing = findUnallowed(given.SUBSCRIPTION_PLANS, given.PLANS);
    if (missing.length === 0) return given;
    const text = `"SUBSCRIPTION_PLANS" sells ${missing.join(', ')}: "PLANS" must say what that allows`;
    return message({ custom: text });
  });

/** Checks an environment and types it. @throws Error naming every variable at fault. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const [keys, secret] = [parseList(env.TOKEN_KEYS), parseList(env.APP_SECRET)];
  const given = {
    ...env,
    ...{ TOKEN_KEYS: keys, APP_SECRET: secret },
    CREDIT_PACKAGES: parseList(env.CREDIT_PACKAGES || undefined),
    SUBSCRIPTION_PLANS: parseList(env.SUBSCRIPTION_PLANS || undefined),
  };
  const { value, error } = environment.validate(given, { abortEarly: false, stripUnknown: true });
  if (error) throw new Error(`Configuration: ${error.details.map((d) => d.message).join('; ')}`);
  const corsOrigins: string[] = value.CORS_ORIGINS.split(',').filter(Boolean);
  return Object.freeze({
    stage: value.STAGE,
    apiUrl: value.API_URL,
    eventsUrl: value.EVENTS_URL ?? `${value.API_URL}/lambda-url/eventStream/`,
    followsEvents: value.STAGE === 'local',
    listensToPods: value.LISTENS_TO_PODS,
    logLevel: value.LOG_LEVEL,
    mongodbUri: value.MONGODB_URI,
    region: value.AWS_REGION,
    credentials: {
      accessKeyId: value.AWS_ACCESS_KEY_ID,
      secretAccessKey: value.AWS_SECRET_ACCESS_KEY,
      ...(value.AWS_SESSION_TOKEN && { sessionToken: value.AWS_SESSION_TOKEN }),
    },
    mediaBucket: value.MEDIA_BUCKET,
    keyBucket: value.KEY_BUCKET,
    auditBucket: value.AUDIT_BUCKET,
    s3Endpoint: value.S3_ENDPOINT,
    sqsEndpoint: value.SQS_ENDPOINT,
    jobQueueUrls: {
      media: value.MEDIA_QUEUE_URL,
      render: value.RENDER_QUEUE_URL,
      provider: value.PROVIDER_QUEUE_URL,
      upkeep: value.UPKEEP_QUEUE_URL,
    },
    auditQueueUrl: value.AUDIT_QUEUE_URL,
    tokenKeys: sortTokenKeys(value.TOKEN_KEYS),
    appSecrets: sortAppSecrets(value.APP_SECRET),
    sealingKeyArn: value.SEALING_KEY_ARN,
    corsOrigins,
    edgeSecret: value.EDGE_SECRET,
    mailFrom: value.MAIL_FROM,
    mailDir: value.MAIL_DIR,
    appUrl: value.APP_URL || corsOrigins.find((origin) => URL.canParse(origin)) || value.API_URL,
    ffmpegPath: value.FFMPEG_PATH,
    fontsPath: value.FONTS_PATH,
    codeCache: value.CODE_CACHE,
    registrationsPerMinute: value.REGISTRATIONS_PER_MINUTE,
    callsPerMinute: value.CALLS_PER_MINUTE,
    creditsPerHour: value.CREDITS_PER_HOUR,
    welcomeCredits: value.WELCOME_CREDITS,
    prices: sortPrices(value.PRICES),
    plans: readPlans(value.PLANS, value.CALLS_PER_MINUTE),
    databaseConnections: value.DATABASE_CONNECTIONS,
    singlePutBytes: value.SINGLE_PUT_BYTES,
    partBytes: value.PART_BYTES,
    videoSecondsPerJob: value.VIDEO_SECONDS_PER_JOB,
    ...(value.STRIPE_SECRET_KEY && {
      stripe: {
        secretKey: value.STRIPE_SECRET_KEY,
        webhookSecrets: value.STRIPE_WEBHOOK_SECRET.split(','),
        ...(value.STRIPE_API_BASE && { apiBase: value.STRIPE_API_BASE }),
        isLive: /^.k_live_/.test(value.STRIPE_SECRET_KEY),
      },
    }),
    ...(value.MODERATION_URL && { moderationUrl: value.MODERATION_URL }),
    creditPackages: value.CREDIT_PACKAGES,
    subscriptionPlans: value.SUBSCRIPTION_PLANS,
    graceDays: value.GRACE_DAYS,
    webhooksToLoopback: value.WEBHOOKS_TO_LOOPBACK,
  });
}

/** The environment of this process, with its secrets; nothing else reads `process.env`. */
export const config: Config = readConfig({ ...process.env, ...secrets });

/** Reads the secrets once more, with the same rules. @throws Error as `readConfig` */
export async function rereadConfig(): Promise<Config> {
  return readConfig({ ...process.env, ...(await readSecrets(process.env)) });
}
