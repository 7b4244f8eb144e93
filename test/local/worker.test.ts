import { randomUUID } from 'node:crypto';
import type { S3Event, SQSEvent } from 'aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { startClock } from '../../src/local/clock/clock.ts';
import { readExpression } from '../../src/local/clock/expression.ts';
import { readDeployment } from '../../src/local/deployment/read.ts';
import { startHub } from '../../src/local/events/hub.ts';
import { startListener } from '../../src/local/events/listener.ts';
import { normaliseRecords } from '../../src/local/events/record.ts';
import type { Handler } from '../../src/local/invoke/handler.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { startPoller } from '../../src/local/queue/poller.ts';
import { createQueues, startQueue } from '../../src/local/queue/server.ts';
import { until } from '../harness/until.ts';
import { project } from './given.ts';

function deployed(yaml: string) {
  return readDeployment(project({ 'serverless.yml': yaml }));
}

const loads = (handler: Handler) => async () => handler;

async function givenQueue(
  handler: Handler,
  source = 'functionResponseType: ReportBatchItemFailures',
) {
  const deployment = deployed(`
functions:
  work:
    handler: functions/work.handler
    events: [{ sqs: { arn: !GetAtt WorkQueue.Arn, batchSize: 10, maximumConcurrency: 1, ${source} } }]
resources:
  Resources:
    WorkQueue:
      Type: AWS::SQS::Queue
      Properties:
        VisibilityTimeout: 1
        RedrivePolicy: { deadLetterTargetArn: !GetAtt FailedQueue.Arn, maxReceiveCount: 2 }
    FailedQueue: { Type: AWS::SQS::Queue }
`);
  const queue = await startQueue();
  const env = await createQueues(queue.endpoint, deployment, 'test');
  const log = () => {};
  const begin = () =>
    startPoller({ deployment, endpoint: queue.endpoint, env, load: loads(handler), log });
  const send = (MessageBody: string, more = {}) =>
    callSqs<{ MessageId: string }>(queue.endpoint, 'SendMessage', {
      QueueUrl: env.WORK_QUEUE_URL,
      MessageBody,
      ...more,
    });
  const count = async (variable: string) => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const { Attributes } = await callSqs<{ Attributes: Record<string, string> }>(
      queue.endpoint,
      'GetQueueAttributes',
      { QueueUrl: env[variable], AttributeNames: names },
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  };
  onTestFinished(() => queue.stop());
  return { begin, send, count };
}

test('a message has at most 1 MiB, as in SQS', async () => {
  const { send } = await givenQueue(() => ({}));
  await send('x'.repeat(1024 * 1024));
  await expect(send('x'.repeat(1024 * 1024 + 1))).rejects.toThrow('shorter than 1048576 bytes');
});

test('only the messages that a function reports as failed are delivered again', async () => {
  const seen: string[] = [];
  const { begin, send, count } = await givenQueue((event) => {
    const { Records } = event as SQSEvent;
    seen.push(...Records.map(({ body }) => body));
    const failed = Records.filter(({ body }) => body === 'bad' && seen.indexOf('bad') >= 0);
    const first = seen.filter((body) => body === 'bad').length < 2;
    return {
      batchItemFailures: first
        ? failed.map(({ messageId }) => ({ itemIdentifier: messageId }))
        : [],
    };
  });
  await Promise.all(['good', 'bad', 'fine'].map((body) => send(body)));
  const poller = begin();
  await until('the queue is empty', async () => (await count('WORK_QUEUE_URL')) === 0);
  await poller.stop();
  expect(seen.sort()).toEqual(['bad', 'bad', 'fine', 'good']);
});

test.each([
  ['throws', () => Promise.reject(new Error('no'))],
  [
    'answers with an id that it was not given',
    () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
  ],
  ['answers with no list', () => ({ batchItemFailures: 'all' })],
] as [string, Handler][])(
  'a batch whose function %s fails whole, and ends among the dead letters',
  async (_what, handler) => {
    const { begin, send, count } = await givenQueue(handler);
    await send('a');
    await send('b');
    const poller = begin();
    await until('both are dead letters', async () => (await count('FAILED_QUEUE_URL')) === 2);
    await poller.stop();
  },
);

test('a record has the shape that Lambda gives it', async () => {
  let event: SQSEvent | undefined;
  const { begin, send } = await givenQueue((given) => {
    event = given as SQSEvent;
  });
  const { MessageId } = await send('hello', {
    MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
  });
  const poller = begin();
  await until('it arrives', () => event);
  await poller.stop();
  expect(event?.Records).toMatchObject([
    {
      messageId: MessageId,
      body: 'hello',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d+$/) },
      messageAttributes: { kind: { dataType: 'String', stringValue: 'x' } },
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:test-WorkQueue',
      awsRegion: 'us-east-1',
    },
  ]);
});

test("a rate fires at once, with EventBridge's event, and not while its last run lasts", async () => {
  const events: unknown[] = [];
  let release = () => {};
  const clock = startClock({
    deployment: deployed(`
functions:
  tick: { handler: f.handler, events: [{ schedule: rate(1 minute) }] }
  night: { handler: f.handler, events: [{ schedule: cron(0 4 * * ? *) }] }
  told: { handler: f.handler, events: [{ schedule: { rate: rate(1 day), input: { a: 1 } } }] }
`),
    load: loads((event) => {
      events.push(event);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    }),
  });
  await until('both rates fired', () => events.length === 2);
  clock.stop();
  release();
  expect(events).toContainEqual({ a: 1 });
  expect(events).toContainEqual(
    expect.objectContaining({ source: 'aws.events', 'detail-type': 'Scheduled Event' }),
  );
});

test('schedules are parsed as EventBridge does, and invalid ones are refused', () => {
  expect(readExpression('rate(5 minutes)')).toEqual({ every: 300 });
  expect(readExpression('rate(1 day)')).toEqual({ every: 86_400 });
  expect(readExpression('cron(0/15 4 ? * MON-FRI *)')).toEqual({
    pattern: '0 0/15 4 * * MON-FRI *',
  });
  expect(() => readExpression('every day')).toThrow('every day');
});

/** What versitygw 1.8.0 posts, taken from its own. */
function posted(key: string, name = 'the-bucket', eventName = 's3:ObjectCreated:Put') {
  const bucket = {
    name,
    ownerIdentity: { PrincipalId: 'me' },
    arn: `arn:aws:s3:::/${name}/${key}`,
  };
  const object = { key, size: 5, eTag: '"5d41402a"', versionId: null, sequencer: '1' };
  const s3 = { s3SchemaVersion: '1.0', configurationId: 'webhook-global', bucket, object };
  const eventTime = '2026-11-22T20:09:34Z';
  return { Records: [{ eventVersion: '2.2', eventName, eventTime, s3 }] };
}

test('a record of the local S3 server is converted to one of AWS', () => {
  const [first, second] = [posted("media/a b/ü+(1)'.mp3"), posted('x')].flatMap(normaliseRecords);
  expect(first).toMatchObject({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: '2026-11-22T20:09:34.000Z',
    s3: {
      bucket: { name: 'the-bucket', arn: 'arn:aws:s3:::the-bucket' },
      object: { key: 'media/a+b/%C3%BC%2B%281%29%27.mp3', size: 5, eTag: '5d41402a' },
    },
  });
  expect(first?.s3.object.sequencer).toMatch(/^[0-9A-F]{18}$/);
  expect(second?.s3.object.sequencer.localeCompare(first?.s3.object.sequencer ?? '')).toBe(1);
  const [gone] = normaliseRecords(posted('x', 'b', 's3:ObjectRemoved:Delete'));
  expect(gone?.s3.object).not.toHaveProperty('size');
  expect(normaliseRecords({ Event: 's3:TestEvent' })).toEqual([]);
});

const uploads = `
functions:
  uploaded:
    handler: functions/uploaded.handler
    events: [{ s3: { bucket: b, event: 's3:ObjectCreated:*', rules: [{ prefix: media/ }] } }]
`;

async function givenHub() {
  const lines: string[] = [];
  const hub = await startHub({ log: (line) => lines.push(line) });
  onTestFinished(() => hub.stop());
  const bucket = `b-${randomUUID()}`;
  const post = (body: unknown, path = '') =>
    fetch(hub.url + path, { method: 'POST', body: JSON.stringify(body) });
  const listen = (handler: Handler) =>
    startListener({
      deployment: deployed(uploads),
      hub: hub.url,
      bucket,
      load: loads(handler),
      log: (line) => lines.push(line),
      retries: [1, 1],
    });
  return { hub, bucket, post, listen, lines };
}

test('an S3 event reaches the function of its bucket and prefix, and is delivered up to three times', async () => {
  const { bucket, post, listen } = await givenHub();
  const keys: string[] = [];
  const listener = await listen((event) => {
    keys.push(...(event as S3Event).Records.map(({ s3 }) => s3.object.key));
    if (keys.length < 3) throw new Error('not yet');
  });
  await post(posted('elsewhere/x', bucket));
  await post(posted('media/y', 'another-bucket'));
  await post(posted('media/gone', bucket, 's3:ObjectRemoved:Delete'));
  await post(posted('media/x', bucket));
  await until('it was tried three times', () => keys.length === 3);
  await listener.stop();
  expect(keys).toEqual(['media/x', 'media/x', 'media/x']);
});

test('an S3 event waits for a worker, and is delivered again when that worker dies', async () => {
  const { bucket, post, listen } = await givenHub();
  await post(posted('media/early', bucket));
  let began = false;
  const first = await listen(() => {
    began = true;
    return new Promise(() => {}); // it never gets to answer
  });
  await until('the first has it', () => began);
  await first.stop();
  const keys: string[] = [];
  const second = await listen((event) => {
    keys.push(...(event as S3Event).Records.map(({ s3 }) => s3.object.key));
  });
  await until('the second has it', () => keys.includes('media/early'));
  await second.stop();
});

test('a call that does not know the secret path is refused', async () => {
  const { hub, bucket } = await givenHub();
  const { origin } = new URL(hub.url);
  const body = JSON.stringify({ bucket, url: 'http://localhost:1/' });
  const answer = await fetch(`${origin}/subscribe`, { method: 'POST', body });
  expect(answer.status).toBe(404);
});
