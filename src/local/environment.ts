import type { Deployment } from './deployment/types.ts';
import type { ToolsInfo } from './tools.ts';

/** What makes one environment differ from another on the same tools. */
export type Place = { database: string; bucket: string; apiUrl: string };

/** The environment that handlers read, like the one that Lambda gives them. */
export function environment(
  tools: ToolsInfo,
  deployment: Deployment,
  queueUrls: Record<string, string>,
  { database, bucket, apiUrl }: Place,
): Record<string, string> {
  return {
    ...deployed(deployment),
    STAGE: 'local',
    API_URL: apiUrl,
    LOG_LEVEL: process.env.LOG_LEVEL || 'WARN',
    MONGODB_URI: withDatabase(tools.mongodb, database),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: tools.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: tools.s3.secretAccessKey,
    SECRETS_ID: '', // they are here already: nothing is asked of AWS
    // A profile or session of the user's own would win over the two above.
    AWS_PROFILE: '',
    AWS_SESSION_TOKEN: '',
    S3_ENDPOINT: tools.s3.endpoint,
    MEDIA_BUCKET: bucket,
    SQS_ENDPOINT: tools.queue,
    ...queueUrls,
    TOKEN_KEYS: tools.secrets.TOKEN_KEYS,
    APP_SECRET: tools.secrets.APP_SECRET,
    FFMPEG_PATH: tools.ffmpeg,
    // Not the cloud's: where the worker subscribes to the bucket's events.
    S3_EVENTS_URL: tools.hub,
  };
}

// What the user sets wins over what is deployed.
function deployed({ functions }: Deployment): Record<string, string> {
  const values = functions.flatMap(({ environment }) => Object.entries(environment));
  return Object.fromEntries(values.filter(([name]) => !process.env[name]));
}

/** A connection string with the name of a database in it; one that has a name keeps it. */
export function withDatabase(uri: string, database: string): string {
  const [, head, path = '', query = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?([^?]*)(.*)$/.exec(uri) ?? [];
  if (!head) throw new Error('MONGODB_URI is no MongoDB connection string');
  return `${head}/${path || database}${query}`;
}
