import '../harness/place.ts';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { handler } from '../../functions/reconcile.ts';
import { systemCtx } from '../../src/context.ts';
import { lowestIdAt, newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { OrphanCheck } from '../../src/models/maintenance/orphan-check.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { getClient } from '../../src/providers/s3-client.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { claim } from '../../src/services/jobs/claim.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { buildOriginalKey } from '../../src/services/media/keys.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { withClockAhead } from '../harness/clocks.ts';
import { type Doc, given } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { putObject } from '../harness/objects.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const queue = new SQSClient({
  region: 'us-east-1',
  endpoint: process.env.SQS_ENDPOINT as string,
});
const QUEUES = ['MEDIA', 'UPKEEP'].map((queue) => process.env[`${queue}_QUEUE_URL`] as string);

/** Takes what there is out of the queues: the jobs that it rings for. */
async function heard(): Promise<string[]> {
  return (await Promise.all(QUEUES.map(heardIn))).flat();
}

async function heardIn(QueueUrl: string): Promise<string[]> {
  const { Messages = [] } = await queue.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  for (const { ReceiptHandle } of Messages) {
    await queue.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  return Messages.map(({ Body = '' }) => JSON.parse(Body).job);
}

/** Listens until each of these jobs was rung for. */
async function hears(...jobs: string[]): Promise<void> {
  const left = new Set(jobs);
  await until('each job is rung for', async () => {
    for (const job of await heard()) left.delete(job);
    return left.size === 0;
  });
}

const runs = () => handler({}, invocation());
const longAgo = (track: Doc, times: Record<string, Date>) =>
  Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: times });

test('an upload whose event was lost is found once it is some seconds old, and processed', async () => {
  const alice = await given.user();
  const track = await alice.uploads(Buffer.from('bytes'));
  await longAgo(track, { updatedAt: new Date(Date.now() - 10_000) });
  await runs();
  expect((await alice.get(`/v1/tracks/${track.id}`)).body.status).toBe('PROCESSING');
  const { body } = await alice.get<{ data: Doc[] }>('/v1/jobs');
  expect(body.data).toHaveLength(1);
  await hears(body.data[0]?.id as string);
  await runs();
  expect((await alice.get<{ data: Doc[] }>('/v1/jobs')).body.data).toHaveLength(1);
});

test('many lost uploads are looked up in batches, never all at once', async () => {
  const alice = await given.user();
  const track = await alice.track({ size: 5 });
  const one = await Track.collection.findOne({ _id: new UUID(track.id) });
  const others = Array.from({ length: 60 }, () => {
    const _id = newId(Date.now());
    return { ...one, _id, filePath: buildOriginalKey(Track, new UUID(alice.id), _id) };
  });
  await Track.collection.insertMany(others as never[]);
  await putObject(others[31]?.filePath as string, 'bytes');
  let [asked, atOnce, most] = [0, 0, 0];
  (await getClient()).middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'HeadObjectCommand') return next(args);
        asked++;
        most = Math.max(most, ++atOnce);
        return next(args).finally(() => atOnce--);
      },
    { step: 'initialize', name: 'count' },
  );
  await runs();
  (await getClient()).middlewareStack.remove('count');
  expect(asked).toBeGreaterThanOrEqual(61);
  expect(most).toBe(16);
  const there = await Track.collection.find({ user: new UUID(alice.id), status: 'PROCESSING' });
  expect((await there.toArray()).map(({ _id }) => _id)).toEqual([others[31]?._id]);
});

test('a job whose message or whose worker was lost gets another message', async () => {
  const ctx = systemCtx('test');
  const input = { entity: 'Project', documents: [] };
  const lost = await enqueue(ctx, sweep, { input, priority: 9 });
  await claim(ctx, 'dead', jobTypes, 'UPKEEP');
  const lapsed = { $set: { 'lease.until': new Date(Date.now() - 1) } };
  await Job.collection.updateOne({ _id: lost._id }, lapsed);
  const waiting = await enqueue(ctx, sweep, { input });
  // The rings of their making, if any, are lost.
  while ((await heard()).length > 0);
  await runs();
  await hears(lost._id.toString(), waiting._id.toString());
});

test('a medium that was not uploaded within a day is deleted; one whose bytes arrived stays', async () => {
  const alice = await given.user();
  const [never, late, fresh] = [
    await alice.track(),
    await alice.uploads(Buffer.from('bytes')),
    await alice.track(),
  ];
  const old = new Date(Date.now() - 25 * 3_600_000);
  await longAgo(never, { createdAt: old, updatedAt: old });
  await longAgo(late, { createdAt: old, updatedAt: old });
  await runs();
  const statusOf = async ({ id }: Doc) => (await alice.get(`/v1/tracks/${id}`)).body.status;
  expect((await alice.get(`/v1/tracks/${never.id}`)).status).toBe(404);
  expect(await statusOf(late)).toBe('PROCESSING');
  expect(await statusOf(fresh)).toBe('AWAITING_UPLOAD');
});

test('a track that a crash left without its project is deleted', async () => {
  const alice = await given.user();
  const [orphan, child] = [await alice.track(), await alice.track()];
  // As if the project went after the track’s maker last looked, and neither lived to tell.
  await Project.collection.deleteOne({ _id: new UUID(orphan.project as string) });
  await runs();
  expect((await alice.get(`/v1/tracks/${orphan.id}`)).status).toBe(404);
  expect((await alice.get(`/v1/tracks/${child.id}`)).status).toBe(200);
});

test('what was looked for orphans once is not read again, however much there is of it', async () => {
  const alice = await given.user();
  const one = await Track.collection.findOne({ _id: new UUID((await alice.track()).id) });
  const anHourAgo = Date.now() - 3_600_000;
  const old = Array.from({ length: 6000 }, () => ({ ...one, _id: newId(anHourAgo) }));
  await Track.collection.insertMany(old as never[]);
  await runs();
  const upTo = lowestIdAt(anHourAgo - 1);
  await OrphanCheck.collection.updateOne({ entity: 'Track' }, { $set: { upTo } });
  const readBy = async () => {
    const commands = await profileOf(runs);
    const searches = commands.filter((c) => c.ns.endsWith('.tracks') && c.op === 'command');
    return Math.max(...searches.map(({ docsExamined = 0 }) => docsExamined));
  };
  // A run has a bound, and goes on where the one before it ended.
  const read = [await readBy(), await readBy(), await readBy()];
  expect(read[0]).toBeGreaterThanOrEqual(5000);
  expect(read[1]).toBeLessThan(read[0] as number);
  expect(read[2]).toBeLessThan(100);
});

test('the mark of a removal that goes on is left alone, also by a host whose clock is ahead', async () => {
  const ctx = systemCtx('test');
  const job = await enqueue(ctx, sweep, { input: { entity: 'Project', documents: [] } });
  const isMarked = async () =>
    (await Job.collection.countDocuments({ _id: job._id, removing: { $exists: true } })) === 1;
  const mark = (ago: number) =>
    Job.collection.updateOne({ _id: job._id }, { $set: { removing: new Date(Date.now() - ago) } });
  await mark(0);
  await withClockAhead(600_000, runs);
  expect(await isMarked()).toBe(true);
  await mark(61_000);
  await runs();
  expect(await isMarked()).toBe(false);
});
