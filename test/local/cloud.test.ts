import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Event, SQSEvent } from 'aws-lambda';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createPlace, readDeployment, startFunctions, startTools } from '../../src/local/cloud.ts';
import type { Handler } from '../../src/local/invoke/handler.ts';
import { startMongod } from '../../src/local/mongod.ts';
import { findFreePort } from '../../src/local/process/ports.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { find } from '../../src/local/tools/find.ts';
import { mongod } from '../../src/local/tools/mongod.ts';
import { until } from '../harness/until.ts';
import { folder, project } from './given.ts';

vi.setConfig({ testTimeout: 60_000 });

const yaml = `
service: stub
functions:
  web: { handler: functions/web.handler, events: [{ httpApi: '*' }] }
  uploaded: { handler: functions/uploaded.handler, events: [{ s3: { bucket: b } }] }
  jobs: { handler: functions/jobs.handler, events: [{ sqs: { arn: !GetAtt JobsQueue.Arn } }] }
`;

test('two deployments on shared tools see nothing of each other', async () => {
  const tools = await startTools({ dir: folder(), log: () => {} });
  onTestFinished(() => tools.stop());
  const deployment = readDeployment(project({ 'serverless.yml': yaml }));

  const place = async (name: string) => {
    const seen: string[] = [];
    const env = await createPlace(tools.info, deployment, name);
    const handlers: Record<string, Handler> = {
      web: () => name,
      uploaded: (event) => seen.push((event as S3Event).Records[0]?.s3.object.key ?? ''),
      jobs: (event) => seen.push((event as SQSEvent).Records[0]?.body ?? ''),
    };
    const load = async (fn: { name: string }) => handlers[fn.name] as Handler;
    const functions = await startFunctions({ env, deployment, load });
    onTestFinished(() => functions.stop());
    return { env, seen, url: functions.url };
  };
  const one = await place('one');
  const two = await place('two');
  expect(process.env.API_URL).toBe(two.url);
  expect(await (await fetch(one.url)).text()).toBe('one');
  expect(one.env.MONGODB_URI).toContain('/one?');

  const { accessKeyId, secretAccessKey, endpoint } = tools.info.s3;
  const s3 = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const target = { Bucket: one.env.MEDIA_BUCKET, Key: 'media/a b.mp3' };
  const signed = await getSignedUrl(s3, new PutObjectCommand({ ...target, ContentLength: 5 }));
  const put = await fetch(signed, {
    method: 'PUT',
    body: 'hello',
    headers: { Origin: 'http://x' },
  });
  expect([put.status, put.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  expect(put.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('etag');
  const got = await s3.send(new GetObjectCommand(target));
  expect(await got.Body?.transformToString()).toBe('hello');
  const QueueUrl = two.env.JOBS_QUEUE_URL;
  await callSqs(tools.info.queue, 'SendMessage', { QueueUrl, MessageBody: 'job' });
  await until('both arrived', () => one.seen.length + two.seen.length >= 2);
  expect([one.seen, two.seen]).toEqual([['media/a+b.mp3'], ['job']]);
  s3.destroy();
});

test('a database moves to another port, runs no JavaScript, and keeps its data', async () => {
  const dir = folder();
  const binary = await find(mongod, () => {});
  for (const expected of [1, 2, 3]) {
    const database = await startMongod({ dir, binary, port: await findFreePort(), log: () => {} });
    const client = await MongoClient.connect(database.uri);
    const rows = client.db('test').collection('rows');
    await rows.insertOne({}, { writeConcern: { w: 'majority' } });
    expect(await rows.countDocuments()).toBe(expected);
    await expect(rows.findOne({ $where: 'true' })).rejects.toThrow(/ScriptEngine|JavaScript/i);
    await client.close();
    await database.stop();
  }
});

test('a tool that was changed in the cache is not used, and the error says what to do', async () => {
  vi.stubEnv('MIXDOWN_CACHE', folder());
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { writeFileSync } = await import('node:fs');
  let fetched = 0;
  const tool = {
    name: 'no-such-tool',
    variable: 'NO_SUCH_TOOL',
    version: '1',
    purpose: 'the test',
    check: { args: [], pattern: /version (\d+)/, atLeast: 1 },
    sources: [
      { how: 'a way that fails', fetch: () => Promise.reject(new Error('no network')) },
      {
        how: 'a way that works',
        fetch: async (into: string) => {
          fetched += 1;
          writeFileSync(`${into}/made`, '#!/bin/sh\necho hello\n');
          return `${into}/made`;
        },
      },
    ],
    remedy: 'Install it.',
  };
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const [file] = await Promise.all([find(tool, log), find(tool, log)]);
  expect(spawnSync(file, { encoding: 'utf8' }).stdout).toBe('hello\n');
  expect(await find(tool, log)).toBe(file);
  expect(fetched).toBe(1);
  expect(lines).toContain('Fetching no-such-tool, the test: a way that works.');
  writeFileSync(file, '#!/bin/sh\necho evil!\n');
  expect(await find(tool, log)).toBe(file);
  expect(fetched).toBe(2);
  expect(createHash('sha256').update(spawnSync(file).stdout).digest('hex')).toBe(
    createHash('sha256').update('hello\n').digest('hex'),
  );

  const broken = { ...tool, name: 'broken', sources: tool.sources.slice(0, 1) };
  await expect(find(broken, log)).rejects.toThrow(
    'broken could not be fetched (no network). Install it.',
  );
  vi.stubEnv('NO_SUCH_TOOL', '/nowhere');
  await expect(find(tool, log)).rejects.toThrow('NO_SUCH_TOOL names /nowhere');
});

test('a program on PATH that cannot run is passed over, and one that a variable names is refused', async () => {
  const bin = project({
    'no-such-tool':
      '#!/bin/sh\necho "libsomething.so.6: cannot open shared object file" >&2; exit 127\n',
    'no-such-interpreter': '#!/nowhere\n',
  });
  for (const name of ['no-such-tool', 'no-such-interpreter']) {
    chmodSync(join(bin, name), 0o755);
    vi.stubEnv('PATH', bin + delimiter + process.env.PATH);
    vi.stubEnv('XDG_CACHE_HOME', bin);
    onTestFinished(() => void vi.unstubAllEnvs());
    const tool = {
      ...{
        name,
        variable: 'NO_SUCH_TOOL',
        version: '1',
        purpose: 'the test',
        remedy: 'Install it.',
      },
      check: { args: [], pattern: /version (\d+)/, atLeast: 1 },
      sources: [{ how: 'a way that fails', fetch: () => Promise.reject(new Error('no network')) }],
    };
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await expect(find(tool, log)).rejects.toThrow(`${name} could not be fetched`);
    expect(lines[0]).toContain(`${join(bin, name)} cannot run, and another one is taken.`);
    vi.stubEnv('NO_SUCH_TOOL', join(bin, name));
    await expect(find(tool, log)).rejects.toThrow('NO_SUCH_TOOL names a program that cannot run');
    vi.stubEnv('NO_SUCH_TOOL', '');
  }
});
