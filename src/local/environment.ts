import { fileURLToPath } from 'node:url';
import { withDatabase } from '../data/connection-string.ts';
import { nameAuditBucket, nameKeyBucket } from './bucket.ts';
import type { Deployment } from './deployment/types.ts';
import { LOCAL_WEBHOOK_SECRET } from './stripe.ts';
import type { ToolsInfo } from './tools.ts';

/** What differs between two environments on the same tools. */
export type Place = { database: string; bucket: string; apiUrl: string; comfyuiUrl?: string };

/** Makes the environment variables of the handlers, as Lambda would set them. */
export function makeEnvironment(
  tools: ToolsInfo,
  deployment: Deployment,
  queueUrls: Record<string, string>,
  { database, bucket, apiUrl, comfyuiUrl = '' }: Place,
): Record<string, string> {
  return {
    ...readDeployedValues(deployment),
    STAGE: 'local',
    API_URL: apiUrl,
    LOG_LEVEL: process.env.LOG_LEVEL || 'WARN',
    MONGODB_URI: withDatabase(tools.mongodb, database),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: tools.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: tools.s3.secretAccessKey,
    SECRETS_ID: '', // nothing is read from AWS
    // The user's own profile or session token would take precedence over the two above.
    AWS_PROFILE: '',
    AWS_SESSION_TOKEN: '',
    S3_ENDPOINT: tools.s3.endpoint,
    MEDIA_BUCKET: bucket,
    KEY_BUCKET: nameKeyBucket(bucket),
    AUDIT_BUCKET: nameAuditBucket(bucket),
    SQS_ENDPOINT: tools.queue,
    ...queueUrls,
    SECRETS_FILE: tools.secretsFile,
    MAIL_FROM: 'no-reply@localhost',
    MAIL_DIR: tools.mailDir,
    ...(tools.stripe && describeStripe(tools.stripe)),
    APP_URL: process.env.APP_URL || 'http://localhost:3000',
    TOKEN_KEYS: tools.secrets.TOKEN_KEYS,
    APP_SECRET: tools.secrets.APP_SECRET,
    FFMPEG_PATH: tools.ffmpeg,
    COMFYUI_URL: comfyuiUrl,
    FONTS_PATH: fileURLToPath(new URL('../../node_modules', import.meta.url)),
    // Only on this machine: where the worker subscribes to the events of the bucket.
    S3_EVENTS_URL: tools.hub,
  };
}

/** How the functions reach the stand-in for Stripe; with the user's own key, its variables are theirs. */
function describeStripe(url: string): Record<string, string> {
  return {
    STRIPE_API_BASE: url,
    STRIPE_SECRET_KEY: 'sk_test_local',
    STRIPE_WEBHOOK_SECRET: LOCAL_WEBHOOK_SECRET,
  };
}

// Variables that the user has set take precedence over those of serverless.yml.
function readDeployedValues({ functions }: Deployment): Record<string, string> {
  const values = functions.flatMap(({ environment }) => Object.entries(environment));
  return Object.fromEntries(values.filter(([name]) => !process.env[name]));
}
