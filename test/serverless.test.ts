import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../src/local/deployment/configuration.ts';
import { readDeployment } from '../src/local/deployment/read.ts';

type Json = Record<string, unknown>;
interface Function {
  handler: string;
  role?: string;
  timeout?: number;
  reservedConcurrency?: unknown;
  environment?: Json;
  events?: { httpApi?: string; sqs?: Json; s3?: Json; schedule?: string }[];
  package?: { patterns: string[] };
}

type Resource = { Type?: string; Properties?: Json } & Json;

interface Configuration {
  params: { default: Json };
  provider: {
    timeout: number;
    iam: { role: string };
    environment: Json;
    architecture: string;
    logs: { httpApi: { format: string } };
  };
  layers: { ffmpeg: { compatibleArchitectures: string[] } };
  functions: Record<string, Function>;
  resources: { Resources: Record<string, Resource>; extensions: Record<string, Resource> };
}

const deployment = readConfiguration('.') as unknown as Configuration; // osls checks its shape
const { functions } = deployment;
const resources = deployment.resources.Resources;
const readFor = (parameters: Record<string, string>) =>
  readConfiguration('.', parameters) as unknown as Configuration;
const roles = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');

/** The statements of a role's own policies. */
function statementsOf(role: Resource): Json[] {
  const policies = role.Properties?.Policies as { PolicyDocument: { Statement: Json[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** What is not a collection with its documents. */
const PARTS: Record<string, string[]> = {
  jobs: [
    'ANY /v1/jobs',
    'ANY /v1/jobs/{path+}',
    'ANY /v1/admin/queues',
    'ANY /v1/admin/queues/{path+}',
  ],
  adminPayments: ['ANY /v1/admin/payments', 'ANY /v1/admin/payments/{path+}'],
  paymentReports: ['ANY /v1/admin/payment-reports', 'ANY /v1/admin/payment-reports/{path+}'],
  auth: ['ANY /v1/auth/{path+}'],
  webhooks: ['ANY /v1/webhooks/{path+}'],
  // Not a collection: what is for all kinds of media.
  media: ['ANY /v1/media/{path+}'],
  // One document, without an id.
  settings: ['ANY /v1/settings'],
  topUps: ['ANY /v1/top-up'],
  // One of the things below an image, which takes a decoder.
  projectImports: ['ANY /v1/projects/import', 'ANY /v1/projects/import/{path+}'],
  imageRenders: ['ANY /v1/images/{id}/render'],
  // Tickets alone: what they open has a URL of its own.
  events: ['ANY /v1/events/{path+}'],
  // Two lists, without documents of their own.
  stats: [
    'ANY /v1/stats',
    'ANY /v1/stats/{path+}',
    'ANY /v1/admin/stats',
    'ANY /v1/admin/stats/{path+}',
  ],
  // With what administrators see of an account.
  credits: [
    'ANY /v1/credits',
    'ANY /v1/credits/{path+}',
    'ANY /v1/admin/spending',
    'ANY /v1/admin/accounts/{path+}',
  ],
};

describe('functions', () => {
  test('are exactly the files in functions/', () => {
    const files = readdirSync('functions').filter((file) => file.endsWith('.ts'));
    const deployed = Object.values(functions).map(({ handler }) => handler);
    // Each once, but for what runs jobs: once for each of their queues.
    expect([...new Set(deployed)].toSorted()).toEqual(
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

  test('run on the architecture of the parameter, as do their layer and native modules', () => {
    for (const [architecture, platform] of [
      ['x86_64', 'linux-x64'],
      ['arm64', 'linux-arm64'],
    ] as const) {
      const { provider, layers, functions } = readFor({ architecture });
      expect(provider.architecture).toBe(architecture);
      expect(layers.ffmpeg.compatibleArchitectures).toEqual([architecture]);
      expect(functions.auth?.package?.patterns).toContain(
        `node_modules/@node-rs/argon2-${platform}-gnu/*`,
      );
      for (const name of ['runMediaJobs', 'runRenderJobs', 'imageRenders']) {
        const natives = [`sharp-${platform}`, `sharp-libvips-${platform}`];
        expect(functions[name]?.package?.patterns).toEqual(
          expect.arrayContaining(natives.map((native) => `node_modules/@img/${native}/**`)),
        );
      }
    }
    expect(deployment.params.default.architecture).toBe('x86_64');
  });

  test('each function has its own role, and none may do everything', () => {
    const used = Object.values(functions).map(({ role }) => role ?? deployment.provider.iam.role);
    expect([...new Set(used)].toSorted()).toEqual(roles.map(([name]) => name).toSorted());
    for (const [, role] of roles) {
      expect(statementsOf(role)).not.toHaveLength(0);
      for (const { Action, Resource } of statementsOf(role)) {
        expect([Action].flat().filter((action) => String(action).endsWith('*'))).toEqual([]);
        expect(Resource).not.toBe('*');
      }
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
      // A message there is a doorbell: one run serves the batch, and fails it as a whole.
      const isDoorbell = queueOf(sqs) === 'AuditQueue';
      const each = isDoorbell ? undefined : 'ReportBatchItemFailures';
      expect(sqs.functionResponseType).toBe(each);
      const redrive = resources[queueOf(sqs)]?.Properties?.RedrivePolicy as {
        deadLetterTargetArn: { 'Fn::GetAtt': [string] };
        maxReceiveCount: number;
      };
      expect(redrive.maxReceiveCount).toBe(5);
      // Fourteen days, the most that SQS allows: longer than the four of the queue itself.
      expect(resources[redrive.deadLetterTargetArn['Fn::GetAtt'][0]]).toMatchObject({
        Type: 'AWS::SQS::Queue',
        Properties: { MessageRetentionPeriod: 14 * 86_400 },
      });
    }
  });
});

test('what holds data outlives the stack, but not a deployment that failed to make it', () => {
  const lasting = Object.values(resources).filter(({ Type }) =>
    ['AWS::S3::Bucket', 'AWS::KMS::Key'].includes(String(Type)),
  );
  expect(lasting).toHaveLength(5);
  for (const resource of lasting) {
    expect(resource.DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(resource.UpdateReplacePolicy).toBe('Retain');
  }
});

describe('the media bucket', () => {
  const bucket = resources.MediaBucket?.Properties ?? {};

  test('is closed to the public', () => {
    expect(bucket.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
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
  });

  test('has a name of its own in each region, which is known before the bucket is made', () => {
    expect(bucket.BucketName).toEqual({
      'Fn::Sub': `mixdown-local-media-\${AWS::AccountId}-\${AWS::Region}`,
    });
    expect(deployment.provider.environment.MEDIA_BUCKET).toEqual(bucket.BucketName);
  });

  test('calls mediaUploaded for originals and not for derivatives, without a custom resource', () => {
    const target = { 'Fn::GetAtt': ['MediaUploadedLambdaFunction', 'Arn'] };
    expect(bucket.NotificationConfiguration).toEqual({
      LambdaConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Function: target,
          Filter: {
            S3Key: {
              Rules: [
                { Name: 'prefix', Value: 'media/' },
                { Name: 'suffix', Value: '/original' },
              ],
            },
          },
        },
      ],
    });
    const { uploads } = readDeployment('.').functions.find((f) => f.name === 'mediaUploaded') ?? {};
    expect(uploads).toEqual([
      { event: 's3:ObjectCreated:*', prefix: 'media/', suffix: '/original' },
    ]);
    // An event of osls on a bucket that exists would bring a function of its own, with rights to match.
    const events = Object.values(functions).flatMap(({ events: some = [] }) => some);
    expect(events.filter(({ s3 }) => s3)).toEqual([]);
  });

  test('may call mediaUploaded before it says that it will, and no other bucket may', () => {
    expect(resources.MediaBucket?.DependsOn).toContain('MediaUploadedPermission');
    expect(resources.MediaUploadedPermission?.Properties).toMatchObject({
      FunctionName: { 'Fn::GetAtt': ['MediaUploadedLambdaFunction', 'Arn'] },
      Principal: 's3.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: {
        'Fn::Sub': `arn:\${AWS::Partition}:s3:::mixdown-local-media-\${AWS::AccountId}-\${AWS::Region}`,
      },
    });
  });

  test('is not needed by what it needs: the function that it calls, its role and its permission', () => {
    const { role } = functions.mediaUploaded ?? {};
    const needed = [functions.mediaUploaded, deployment.provider, resources[String(role)]];
    expect(role).toBeDefined();
    expect(JSON.stringify([...needed, resources.MediaUploadedPermission])).not.toMatch(
      /"MediaBucket"|MediaBucket\./,
    );
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

describe('load', () => {
  const { default: defaults } = deployment.params;

  test('is held back by API Gateway, for all routes together, as parameters say', () => {
    const stage = deployment.resources.extensions.HttpApiStage?.Properties;
    expect(stage?.DefaultRouteSettings).toEqual({
      DetailedMetricsEnabled: true,
      ThrottlingRateLimit: `\${param:callsPerSecond}`,
      ThrottlingBurstLimit: `\${param:callsAtOnce}`,
    });
    expect(Number(defaults.callsPerSecond)).toBeGreaterThan(0);
    expect(Number(defaults.callsAtOnce)).toBeGreaterThan(0);
  });

  test('reaches the database by so many connections of each process, as a parameter says', () => {
    const { DATABASE_CONNECTIONS } = deployment.provider.environment;
    expect(DATABASE_CONNECTIONS).toBe(`\${param:connectionsPerProcess}`);
    expect(Number(defaults.connectionsPerProcess)).toBeLessThanOrEqual(10);
  });

  test('that does not come through API Gateway has a limit where it needs one', () => {
    const limited = Object.entries(functions).flatMap(([name, { events = [], ...fn }]) => {
      const queue = events.find(({ sqs }) => sqs)?.sqs;
      const isAsked = queue ?? name === 'mediaUploaded'; // the bucket calls that one
      return isAsked ? [[name, queue?.maximumConcurrency ?? fn.reservedConcurrency]] : [];
    });
    expect(Object.fromEntries(limited)).toEqual({
      mediaUploaded: `\${param:uploadsAtOnce, null}`,
      runMediaJobs: `\${param:mediaJobsAtOnce}`,
      runRenderJobs: `\${param:renderJobsAtOnce}`,
      runProviderJobs: `\${param:providerJobsAtOnce}`,
      runUpkeepJobs: `\${param:upkeepJobsAtOnce}`,
      sealAudit: 2,
    });
  });
});

describe('the alarm of errors', () => {
  const metric = { Namespace: 'mixdown-local', MetricName: 'ServerErrors' };
  const { FilterPattern, LogGroupName, MetricTransformations } =
    resources.ServerErrors?.Properties ?? {};

  test('rings for each 5xx but 501, which says that something is not there yet', () => {
    expect(resources.ServerErrorAlarm?.Properties).toMatchObject({ ...metric, Threshold: 0 });
    expect(MetricTransformations).toMatchObject([
      { MetricNamespace: metric.Namespace, MetricName: metric.MetricName, MetricValue: '1' },
    ]);
    const [, conditions = ''] = /^\{ (.*) \}$/.exec(String(FilterPattern)) ?? [];
    const rings = new Function('$', `return ${conditions}`) as (line: Json) => boolean;
    const statuses = [200, 404, 429, 499, 500, 501, 502, 503, 504, 599];
    expect(statuses.filter((status) => rings({ status }))).toEqual([500, 502, 503, 504, 599]);
  });

  test('reads access logs whose lines are JSON with a number as status, whatever is in them', () => {
    expect(LogGroupName).toEqual({ Ref: 'HttpApiLogGroup' }); // osls makes it
    const { format } = deployment.provider.logs.httpApi;
    expect(format).not.toMatch(/essage/); // a text of others may have quotation marks
    const line = format.replace(/\$context\.[\w.]+/g, '500');
    expect(JSON.parse(line)).toMatchObject({ status: 500 });
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

test('migrate alone reads the secret of the database user that may change collections', () => {
  const secret = `\${param:migrateSecretsId}`;
  const readers = roles.filter(([, role]) => JSON.stringify(statementsOf(role)).includes(secret));
  expect(readers.map(([name]) => name)).toEqual(['MigrateRole']);
  const users = Object.entries(functions).filter(
    ([, { role, environment }]) =>
      role === 'MigrateRole' || JSON.stringify(environment ?? {}).includes(secret),
  );
  expect(users.map(([name]) => name)).toEqual(['migrate']);
  expect(functions.migrate?.environment).toEqual({ SECRETS_ID: secret });
  expect(JSON.stringify(statementsOf(resources.MigrateRole as Resource))).not.toContain(
    `\${param:secretsId}`,
  );
});

test('the data keys of encrypted fields are wrapped by our KMS key, which every role may use', () => {
  const { SEALING_KEY_ARN } = deployment.provider.environment;
  expect(SEALING_KEY_ARN).toEqual({ 'Fn::GetAtt': ['DataKey', 'Arn'] });
  for (const [, role] of roles) {
    expect(statementsOf(role)).toContainEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: SEALING_KEY_ARN,
      Condition: { StringNotLike: { 'kms:EncryptionContext:sealingKey': 'audit *' } },
    });
  }
});

describe('the audit log', () => {
  const holders = (has: (statement: Json) => boolean) =>
    roles.filter(([, role]) => statementsOf(role).some(has)).map(([name]) => name);

  test('is signed with keys that only what appends and what verifies may open', () => {
    const isKey = ({ Condition }: Json) => JSON.stringify(Condition ?? '').includes('"StringLike"');
    const ofKeys = holders((one) => isKey(one) && JSON.stringify(one).includes('audit *'));
    expect(ofKeys.toSorted()).toEqual(['SealRole', 'VerifyRole']);
    expect(functions.sealAudit?.role).toBe('SealRole');
    expect(functions.verifyAudit?.role).toBe('VerifyRole');
  });

  test('has checkpoints in a bucket in which nothing can be changed or deleted for a time', () => {
    const { ObjectLockEnabled, ObjectLockConfiguration, VersioningConfiguration } =
      resources.AuditBucket?.Properties ?? {};
    expect([ObjectLockEnabled, VersioningConfiguration]).toEqual([true, { Status: 'Enabled' }]);
    expect(ObjectLockConfiguration).toMatchObject({
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: `\${param:auditLockDays}` } },
    });
    const touches = (action: string) =>
      holders(({ Action, Resource }) => {
        return [Action].flat().includes(action) && JSON.stringify(Resource).includes('-audit-');
      });
    expect(touches('s3:PutObject')).toEqual(['SealRole']);
    expect(touches('s3:GetObjectVersion').toSorted()).toEqual(['SealRole', 'VerifyRole']);
    for (const action of ['s3:DeleteObject', 's3:BypassGovernanceRetention'])
      expect(touches(action)).toEqual([]);
  });

  test('is verified each night by a user of the database who reads alone, and an alarm tells of a failure', () => {
    expect(functions.verifyAudit?.events).toEqual([{ schedule: 'cron(0 5 * * ? *)' }]);
    const secret = `\${param:verifySecretsId}`;
    expect(functions.verifyAudit?.environment?.SECRETS_ID).toBe(secret);
    expect(holders((one) => JSON.stringify(one).includes(secret))).toEqual(['VerifyRole']);
    expect(holders((one) => JSON.stringify(one).includes(`\${param:secretsId}`))).not.toContain(
      'VerifyRole',
    );
    expect(resources.AuditAlarm?.Properties).toMatchObject({
      ...{ Namespace: 'AWS/Lambda', MetricName: 'Errors', Threshold: 0 },
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'VerifyAuditLambdaFunction' } }],
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });
});

describe('the bucket of keys', () => {
  const bucket = resources.KeyBucket?.Properties ?? {};

  test('keeps nothing of what is deleted: no versions, no replica, no lock', () => {
    expect(bucket).not.toHaveProperty('VersioningConfiguration');
    expect(bucket).not.toHaveProperty('ReplicationConfiguration');
    expect(bucket).not.toHaveProperty('ObjectLockEnabled');
    expect(bucket.PublicAccessBlockConfiguration).toEqual(
      resources.MediaBucket?.Properties?.PublicAccessBlockConfiguration,
    );
  });

  test('refuses what does not come over TLS', () => {
    const policy = resources.KeyBucketPolicy?.Properties?.PolicyDocument as { Statement: Json[] };
    expect(policy.Statement).toContainEqual(expect.objectContaining({ Effect: 'Deny' }));
  });

  test('is emptied by the worker alone, and read by the roles that open encrypted fields', () => {
    const allowed = (action: string) =>
      roles
        .filter(([, role]) =>
          statementsOf(role).some(
            ({ Action, Resource }) =>
              [Action].flat().includes(action) && JSON.stringify(Resource).includes('KeyBucket'),
          ),
        )
        .map(([name]) => name);
    expect(allowed('s3:DeleteObject')).toEqual(['WorkerRole']);
    expect(allowed('s3:DeleteObjectVersion')).toEqual(['WorkerRole']);
    expect(allowed('s3:GetObject')).toEqual(['ApiRole', 'MediaRole', 'WorkerRole', 'SealRole']);
  });
});

test('packaging needs no account: no variable has to be resolved by AWS', () => {
  const sources = ['serverless.yml', ...globSync('deploy/*.yml')];
  expect(sources.length).toBeGreaterThan(1);
  for (const file of sources) {
    expect(readFileSync(file, 'utf8'), file).not.toMatch(/\$\{(aws|ssm|s3|cf)[:(]/);
  }
});

test('packaging needs no AWS account: no variable is resolved by AWS', () => {
  const sources = ['serverless.yml', ...globSync('deploy/*.yml')];
  const text = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  // The public side is a stack of its own.
  for (const file of globSync('deploy/*', { exclude: ['deploy/edge.yml'] }))
    expect(text).toContain(`\${file(${file})`);
});
