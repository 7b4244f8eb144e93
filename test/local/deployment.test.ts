import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../src/local/deployment/configuration.ts';
import { readDeployment } from '../../src/local/deployment/read.ts';
import { readSettings } from '../../src/local/settings.ts';
import { project } from './given.ts';

const yaml = `
service: shop
custom:
  seconds: 12
  names: { media: 'shop-\${sls:stage}-media' }
provider:
  timeout: 7
  environment:
    MEDIA: \${self:custom.names.media}
    REGION: !Sub '\${AWS::Region}'
    TABLE: !Ref Table
    LEVEL: \${env:NO_SUCH_VARIABLE, 'warn'}
functions:
  work:
    handler: functions/work.run
    timeout: \${self:custom.seconds}
    memorySize: 2048
    events:
      - sqs: { arn: !GetAtt JobsQueue.Arn, batchSize: 3, functionResponseType: ReportBatchItemFailures }
      - sqs: !GetAtt [AuditQueue, Arn]
      - sqs: { arn: { 'Fn::GetAtt': [OffQueue, Arn] }, enabled: false }
  web: { handler: functions/web.handler, events: [{ httpApi: '*' }, { httpApi: 'get /a' }] }
resources:
  Resources:
    JobsQueue:
      Type: AWS::SQS::Queue
      Properties:
        VisibilityTimeout: 90
        RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: !GetAtt [FailedJobs, Arn] }
    FailedJobs: { Type: AWS::SQS::Queue }
    Bucket:
      Type: AWS::S3::Bucket
      Properties:
        BucketName: !If [A, !Ref B, !Join ['', [a, b]]]
        NotificationConfiguration:
          LambdaConfigurations:
            - Event: s3:ObjectCreated:Put
              Function: !GetAtt WorkLambdaFunction.Arn
              Filter: { S3Key: { Rules: [{ Name: Suffix, Value: .mp3 }] } }
            - { Event: 's3:ObjectRemoved:*', Function: !GetAtt [WorkLambdaFunction, Arn] }
            - { Event: 's3:ObjectCreated:*', Function: !Sub 'arn:aws:lambda:::other' }
`;

test('serverless.yml is read with its variables, short tags, queues, notifications and defaults', () => {
  const root = project({ 'serverless.yml': yaml, 'functions/work.ts': '' });
  const { service, functions, queues } = readDeployment(root);
  expect(service).toBe('shop');
  expect(functions[0]).toMatchObject({
    name: 'work',
    file: `${root}/functions/work.ts`,
    exportName: 'run',
    timeout: 12,
    memory: 2048,
    environment: { MEDIA: 'shop-local-media', LEVEL: 'warn' },
    queues: [
      { queue: 'JobsQueue', batchSize: 3, partial: true },
      { queue: 'AuditQueue', batchSize: 10, partial: false },
    ],
    uploads: [
      { event: 's3:ObjectCreated:Put', prefix: '', suffix: '.mp3' },
      { event: 's3:ObjectRemoved:*', prefix: '', suffix: '' },
    ],
  });
  expect(functions[0]?.environment).not.toHaveProperty('TABLE');
  expect(functions[1]).toMatchObject({
    timeout: 7,
    uploads: [],
    routes: [
      { method: 'ANY', path: '$default' },
      { method: 'GET', path: '/a' },
    ],
  });
  expect(queues).toEqual([
    {
      id: 'JobsQueue',
      variable: 'JOBS_QUEUE_URL',
      attributes: { VisibilityTimeout: '90' },
      deadLetters: { queue: 'FailedJobs', after: 5 },
    },
    { id: 'FailedJobs', variable: 'FAILED_JOBS_URL', attributes: {} },
    { id: 'AuditQueue', variable: 'AUDIT_QUEUE_URL', attributes: {} },
  ]);
});

describe('an included file', () => {
  const files = {
    'serverless.yml': `
service: shop
custom: { seconds: 12, limits: '\${file(deploy/limits.yml)}' }
functions:
  work:
    handler: functions/work.run
    timeout: \${self:custom.limits.slow.timeout}
    memorySize: \${file(deploy/limits.yml):memory}
    environment: { NAME: 'a-\${file(deploy/none.yml):x, self:service}-\${param:y}-\${sls:stage}' }
resources:
  - \${file(deploy/queues.yml)}
  - Resources: { Second: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 30 } } }
`,
    'deploy/limits.yml': `{ memory: 512, slow: { timeout: '\${self:custom.seconds}' } }`,
    'deploy/queues.yml': `
Resources:
  First: { Type: AWS::SQS::Queue, Properties: '\${file(deploy/queue.json):properties}' }
  Second: { Properties: { DelaySeconds: 5 } }`,
    'deploy/queue.json': '{ "properties": { "VisibilityTimeout": 60 } }',
  };

  test('is found relative to serverless.yml, its variables are replaced, and resources are merged', () => {
    const { functions, queues } = readDeployment(project(files));
    expect(functions[0]).toMatchObject({ timeout: 12, memory: 512 });
    expect(queues).toMatchObject([
      { id: 'First', attributes: { VisibilityTimeout: '60' } },
      { id: 'Second', attributes: { VisibilityTimeout: '30', DelaySeconds: '5' } },
    ]);
  });

  test('that is missing is replaced by the default; an unknown variable stays as text', () => {
    const { functions } = readConfiguration(project(files));
    expect(functions).toHaveProperty('work.environment.NAME', `a-shop-\${param:y}-local`);
  });

  test.each([
    ['file(no.yml):a.b', `\${file(no.yml):a.b}: there is no file no.yml`],
    ['file(a.yml):b.c', `\${file(a.yml):b.c}: a.yml has no b.c`],
    ['file(a.js):b', `\${file(a.js)}: only .yml, .yaml and .json files can be included`],
    ['file(bad.yml):b', 'bad.yml: '],
    ['file(a.yml):own', 'refer to each other: file(a.yml):own → file(a.yml):own'],
    ['file(a.yml):x', 'each other: file(a.yml):x → self:custom.x → file(a.yml):x'],
    ['file(a.yml):text', `\${file(a.yml):map} is a map or a list, and cannot be part of a text`],
  ])('that cannot be used (%s) is refused with the reason', (variable, reason) => {
    const root = project({
      'serverless.yml': `custom: { x: '\${${variable}}' }`,
      'a.yml': `
own: \${file(a.yml):own}
x: \${self:custom.x}
b: 1
map: {}
text: a \${file(a.yml):map}`,
      'bad.yml': 'a: [',
    });
    expect(() => readDeployment(root)).toThrow(reason);
  });
});

test('a parameter that is given is replaced, and may name another variable', () => {
  const root = project({
    'serverless.yml': `
custom: { cpus: { a: x64, b: arm64 }, cpu: '\${self:custom.cpus.\${param:kind}}' }
functions: { work: { handler: a.b, runs: 'on-\${self:custom.cpu}' } }`,
  });
  expect(readConfiguration(root, { kind: 'b' }).functions).toHaveProperty('work.runs', 'on-arm64');
  expect(readConfiguration(root).functions).toHaveProperty(
    'work.runs',
    `on-\${self:custom.cpus.\${param:kind}}`,
  );
});

test('a serverless.yml that cannot be read is refused with its name', () => {
  const root = project({ 'serverless.yml': 'a: [' });
  expect(() => readDeployment(root)).toThrow(`${root}/serverless.yml cannot be read`);
});

test('invalid settings are refused with a sentence', () => {
  expect(() => readSettings('/', { PORT: 'x' }, [])).toThrow('PORT must be');
  expect(() => readSettings('/', { HOST: '0.0.0.0' }, [])).toThrow('HOST must be');
  expect(readSettings('/r', {}, ['--watch'])).toEqual({
    root: '/r',
    dir: '/r/.mixdown',
    host: 'localhost',
    port: 4000,
    watch: true,
  });
});
