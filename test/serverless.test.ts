import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

type Json = Record<string, unknown>;
interface Function {
  handler: string;
  role?: string;
  timeout?: number;
  events?: { httpApi?: string; sqs?: Json; s3?: Json; schedule?: string }[];
}

const source = readFileSync('serverless.yml', 'utf8');
const deployment = parse(source);
const functions: Record<string, Function> = deployment.functions;
const resources: Record<string, { Type?: string; Properties?: Json } & Json> =
  deployment.resources.Resources;

/** What is not a collection with its documents. */
const PARTS: Record<string, string[]> = {
  auth: ['ANY /v1/auth/{path+}'],
  webhooks: ['ANY /v1/webhooks/{path+}'],
  // Not a collection: what is for all kinds of media.
  media: ['ANY /v1/media/{path+}'],
  // One document, without an id.
  settings: ['ANY /v1/settings'],
  // One of the things below an image, which takes a decoder.
  imageRenders: ['ANY /v1/images/{id}/render'],
  // Two lists, without documents of their own.
  stats: ['ANY /v1/stats', 'ANY /v1/admin/stats'],
};

describe('functions', () => {
  test('are exactly the files in functions/, each deployed once', () => {
    const files = readdirSync('functions').filter((file) => file.endsWith('.ts'));
    const deployed = Object.values(functions).map(({ handler }) => handler);
    expect(deployed.toSorted()).toEqual(
      files.map((file) => `functions/${basename(file, '.ts')}.handler`).toSorted(),
    );
  });

  test('of a resource receive its path and everything below by any method, so that 404 and 405 are ours', () => {
    for (const [name, { events = [] }] of Object.entries(functions)) {
      const routes = events.flatMap(({ httpApi }) => httpApi ?? []);
      if (routes.length === 0 || name === 'system') continue;
      const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const path = `/v1/${kebab.replace(/^(comfyui|runpod|llm|retention|privacy)-/, '$1/')}`;
      const all = [`ANY ${path}`, `ANY ${path}/{path+}`];
      expect(routes).toEqual(PARTS[name] ?? all);
    }
  });

  test('a path of no resource goes to `system`, and no route goes to two functions', () => {
    const routes = Object.values(functions).flatMap(({ events = [] }) =>
      events.flatMap(({ httpApi }) => httpApi ?? []),
    );
    expect(functions.system?.events).toEqual([{ httpApi: '*' }]);
    expect(new Set(routes).size).toBe(routes.length);
  });

  test('an API function ends before API Gateway gives up at 30 s', () => {
    for (const { events = [], timeout = deployment.provider.timeout } of Object.values(functions)) {
      if (events.some(({ httpApi }) => httpApi)) expect(timeout).toBeLessThan(30);
    }
  });

  test('only originals trigger processing, not derivatives', () => {
    expect(functions.mediaUploaded?.events?.[0]?.s3).toMatchObject({
      existing: true,
      rules: [{ prefix: 'media/' }, { suffix: '/original' }],
    });
  });

  test('each function has its own role, and none may do everything', () => {
    const roles = Object.values(functions).map(({ role }) => role ?? deployment.provider.iam.role);
    for (const role of roles) expect(resources[role]?.Type).toBe('AWS::IAM::Role');
    const statements = Object.values(deployment.custom.may) as Json[];
    for (const { Action, Resource } of statements) {
      expect([Action].flat().filter((action) => String(action).endsWith('*'))).toEqual([]);
      expect(Resource).not.toBe('*');
    }
  });
});

describe('queues', () => {
  const consumers = Object.values(functions).flatMap(({ events = [], timeout }) =>
    events.flatMap(({ sqs }) => (sqs ? [{ sqs, timeout: Number(timeout) }] : [])),
  );
  const queueOf = (sqs: Json) =>
    String((sqs.arn as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0]);

  test('a message stays hidden six times as long as its function may run', () => {
    expect(consumers).not.toHaveLength(0);
    for (const { sqs, timeout } of consumers) {
      const hidden = Number(resources[queueOf(sqs)]?.Properties?.VisibilityTimeout);
      expect(hidden).toBeGreaterThanOrEqual(6 * timeout);
    }
  });

  test('only the message that failed is retried, and after five failures it becomes a dead letter', () => {
    for (const { sqs } of consumers) {
      expect(sqs.functionResponseType).toBe('ReportBatchItemFailures');
      const redrive = resources[queueOf(sqs)]?.Properties?.RedrivePolicy as {
        deadLetterTargetArn: { 'Fn::GetAtt': [string] };
        maxReceiveCount: number;
      };
      expect(redrive.maxReceiveCount).toBe(5);
      expect(resources[redrive.deadLetterTargetArn['Fn::GetAtt'][0]]).toBe(
        `\${self:custom.deadLetters}`,
      );
    }
    // Fourteen days, the longest there is: longer than the queue's own four.
    expect(deployment.custom.deadLetters.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
  });
});

describe('the media bucket', () => {
  const bucket = resources.MediaBucket?.Properties ?? {};

  test('is closed to the public', () => {
    expect(bucket.PublicAccessBlockConfiguration).toBe(`\${self:custom.closed}`);
    expect(Object.values(deployment.custom.closed)).toEqual([true, true, true, true]);
    expect(bucket.OwnershipControls).toEqual({
      Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }],
    });
  });

  test('is encrypted under our key, which rotates and outlives the stack', () => {
    expect(bucket.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: {
            SSEAlgorithm: 'aws:kms',
            KMSMasterKeyID: { 'Fn::GetAtt': ['DataKey', 'Arn'] },
          },
        },
      ],
    });
    expect(resources.DataKey?.Properties?.EnableKeyRotation).toBe(true);
    expect(resources.DataKey?.DeletionPolicy).toBe('Retain');
    expect(resources.MediaBucket?.DeletionPolicy).toBe('Retain');
  });

  test('refuses what does not come over TLS', () => {
    const policy = resources.MediaBucketPolicy?.Properties?.PolicyDocument as { Statement: Json[] };
    expect(policy.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });

  test('deletes an abandoned upload at the latest a week after it began', () => {
    expect((bucket.LifecycleConfiguration as { Rules: Json[] }).Rules).toContainEqual(
      expect.objectContaining({
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      }),
    );
  });

  test('lets only browsers of a configured origin read what uploads and players need', () => {
    const [rule] = (bucket.CorsConfiguration as { CorsRules: Json[] }).CorsRules;
    expect(rule?.AllowedOrigins).toEqual({ 'Fn::Split': [',', `\${param:corsOrigins}`] });
    expect(rule?.ExposedHeaders).toEqual([
      ...['ETag', 'Accept-Ranges', 'Content-Length', 'Content-Range'],
    ]);
    expect(deployment.params.default.corsOrigins).toBeUndefined();
  });
});

test('the deployment contains no secrets, only the name of where they are stored', () => {
  const environment = { ...deployment.provider.environment };
  expect(environment.SECRETS_ID).toBeTruthy();
  for (const name of ['MONGODB_URI', 'TOKEN_KEYS', 'APP_SECRET']) {
    expect(environment[name]).toBeUndefined();
    for (const deployed of Object.values(functions))
      expect(deployed).not.toHaveProperty(`environment.${name}`);
  }
});

test('the data keys of encrypted fields are wrapped by our KMS key, which every role may use', () => {
  const { SEALING_KEY_ARN } = deployment.provider.environment;
  expect(SEALING_KEY_ARN).toEqual({ 'Fn::GetAtt': ['DataKey', 'Arn'] });
  expect(deployment.custom.may.useKey).toMatchObject({
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: SEALING_KEY_ARN,
  });
  const roles = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
  for (const role of roles) {
    expect(JSON.stringify(role)).toContain(`\${self:custom.may.useKey}`);
  }
});

test('packaging needs no AWS account: no variable is resolved by AWS', () => {
  expect(source).not.toMatch(/\$\{(aws|ssm|s3|cf)[:(]/);
});
