import '../harness/place.ts';
import { beforeEach, expect, test, vi } from 'vitest';
import { handler as mediaUploaded } from '../../functions/media-uploaded.ts';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { claim, LEASE, reportUnknownTypes } from '../../src/services/jobs/claim.ts';
import { completeJob } from '../../src/services/jobs/complete.ts';
import { failRun } from '../../src/services/jobs/fail.ts';
import { sendHeartbeat } from '../../src/services/jobs/heartbeat.ts';
import type { Claim } from '../../src/services/jobs/held.ts';
import { JobFailure, type JobType, LostClaim } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { type SweepInput, sweep } from '../../src/services/removal/sweep-job.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { type Doc, given, type Person, type Track } from '../harness/given.ts';
import { invocation, s3Event, s3Record, sqsEvent } from '../harness/invocations.ts';
import { replaceRun } from '../harness/job-types.ts';
import { place } from '../harness/place.ts';
import { melody, wav } from '../samples/audio.ts';

place({ worker: false });

const SONG = wav(melody([60, 64, 67, 72, 67, 64, 60, 67], 3));
const WAV = { contentType: 'audio/wav', fileName: 'song.wav' };
const BROKEN = { code: 'BROKEN', message: 'It broke.', retryable: true };

// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

/** A context so many ms from now. */
const later = (ms = 0): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const rings = (time?: number) => runJobs(sqsEvent('{}'), invocation(time));

const INPUT: SweepInput = { entity: 'Project', documents: [] };
const waiting = (more: { user?: UUID; priority?: number } = {}) =>
  enqueue(later(), { ...sweep, attempts: 3 }, { input: INPUT, ...more });
const claims = (ctx: Ctx, owner: string) => claim(ctx, owner, jobTypes);
const completes = (it: Claim, result: object) =>
  completeJob(later(), sweep as unknown as JobType, it, async () => result);
const sweepRuns = (run: JobType['run'], more: Partial<JobType> = {}) =>
  replaceRun('sweep', run, more);

const stored = async (job: { _id: UUID }) =>
  (await Job.collection.findOne({ _id: job._id })) as unknown as JobDoc;

/** A song that has arrived and waits for a worker. */
async function uploadSong(person: Person): Promise<{ track: Track; job: Doc }> {
  const track = await person.uploads(SONG, WAV);
  await mediaUploaded(s3Event(s3Record(track.filePath as string)), invocation());
  const { body } = await person.get<{ data: Doc[] }>('/v1/jobs?limit=1');
  return { track, job: body.data[0] as Doc };
}

const statusOf = async (person: Person, { id }: Doc) =>
  (await person.get<Track>(`/v1/tracks/${id}`)).body;

test('cancelling its job ends a track in FAILED, retrying it goes on to READY', async () => {
  const alice = await given.user();
  const { track, job } = await uploadSong(alice);
  expect(job).toMatchObject({ status: 'QUEUED', project: track.project });
  expect((await alice.post(`/v1/jobs/${job.id}/cancel`)).status).toBe(200);
  const cancelled = await statusOf(alice, track);
  expect(cancelled).toMatchObject({ status: 'FAILED', error: { code: 'CANCELLED' } });
  await rings();
  expect((await statusOf(alice, track)).status).toBe('FAILED');
  expect((await alice.post(`/v1/jobs/${job.id}/retry`)).status).toBe(202);
  const again = await statusOf(alice, track);
  expect(again).toMatchObject({ status: 'PROCESSING', progress: 0 });
  expect(again).not.toHaveProperty('error');
  await rings();
  expect(await statusOf(alice, track)).toMatchObject({ status: 'READY', progress: 100 });
  const done = await alice.get(`/v1/jobs/${job.id}`);
  expect(done.body).toMatchObject({ status: 'COMPLETED', progress: 100, attempts: 0 });
  expect((await alice.post(`/v1/jobs/${job.id}/retry`)).status).toBe(409);
  expect((await alice.post(`/v1/jobs/${job.id}/cancel`)).status).toBe(409);
});

test("a stale worker's result is refused, its heartbeat and its failure too", async () => {
  const job = await waiting();
  const first = await claims(later(), 'first');
  const second = await claims(later(LEASE + 1), 'second');
  if (!first || !second) throw new Error('Nobody had it.');
  expect(second.token).toBeGreaterThan(first.token);
  expect(await sendHeartbeat(later(), jobTypes, first, 50, 'late')).toBe(false);
  await expect(completes(first, { by: 'first' })).rejects.toThrow(LostClaim);
  expect(await failRun(later(), jobTypes, first, BROKEN)).toBe('LOST');
  expect(await stored(job)).toMatchObject({ status: 'RUNNING', progress: 0, attempts: 0 });
  await completes(second, { by: 'second' });
  expect(await stored(job)).toMatchObject({ status: 'COMPLETED', result: { by: 'second' } });
});

test('a job is one worker’s at a time, however many ask at once', async () => {
  const jobs = await Promise.all(Array.from({ length: 10 }, () => waiting()));
  const found = await Promise.all(Array.from({ length: 32 }, (_, n) => claims(later(), `w${n}`)));
  const taken = found.flatMap((c) => (c ? [c.job._id.toString()] : []));
  expect(taken.toSorted()).toEqual(jobs.map((j) => j._id.toString()).toSorted());
});

test('a song survives ten lost leases, and none of them counts as a failed try', async () => {
  const alice = await given.user();
  const { track, job } = await uploadSong(alice);
  for (let n = 0; n <= 10; n++) {
    expect((await claims(later(n * (LEASE + 1)), `lost ${n}`))?.job._id.toString()).toBe(job.id);
  }
  const lapsed = { $set: { 'lease.until': new Date((await readDatabaseTime()) - 1) } };
  await Job.collection.updateOne({ _id: new UUID(job.id) }, lapsed);
  await rings();
  expect((await statusOf(alice, track)).status).toBe('READY');
  const done = await alice.get(`/v1/jobs/${job.id}`);
  expect(done.body).toMatchObject({ status: 'COMPLETED', attempts: 0 });
});

test('a job that takes every worker along is ended, and what waited for it told', async () => {
  const alice = await given.user();
  const { track, job } = await uploadSong(alice);
  const dead = { status: 'RUNNING', losses: 1000, 'lease.until': new Date(0) };
  const lease = { 'lease.owner': 'dead', 'lease.token': 1000 };
  await Job.collection.updateOne({ _id: new UUID(job.id) }, { $set: { ...dead, ...lease } });
  await rings();
  expect(await statusOf(alice, track)).toMatchObject({
    status: 'FAILED',
    error: { code: 'WORKER_LOST' },
  });
});

test('the most urgent job goes first, of equals the one that waits longest', async () => {
  const order = [];
  for (const priority of [1, 5, 9, 5]) order.push(await waiting({ priority }));
  const [low, first, high, second] = order.map((j) => j._id.toString());
  const runAfter = new Date((await readDatabaseTime()) + 60_000);
  const { _id } = await waiting({ priority: 9 });
  await Job.collection.updateOne({ _id }, { $set: { waitsFor: 'TIME', runAfter } });
  const claimed = [];
  for (let it = await claims(later(), 'w'); it; it = await claims(later(), 'w')) {
    claimed.push(it.job._id.toString());
  }
  expect(claimed).toEqual([high, first, second, low]);
});

test('progress never goes back, also when another worker begins anew', async () => {
  const job = await waiting();
  const first = await claims(later(), 'first');
  if (!first) throw new Error('Nobody had it.');
  const seen = [];
  for (const percent of [10, 60, 30]) {
    await sendHeartbeat(later(), jobTypes, first, percent, 'decode');
    seen.push((await stored(job)).progress);
  }
  const second = await claims(later(LEASE + 1000), 'second');
  if (!second) throw new Error('It was not free.');
  await sendHeartbeat(later(), jobTypes, second, 5, 'download');
  seen.push((await stored(job)).progress);
  await sendHeartbeat(later(), jobTypes, second, 70, 'decode');
  seen.push((await stored(job)).progress);
  expect(seen).toEqual([10, 60, 60, 60, 70]);
});

test('a failure is tried again, later each time, three times; a success leaves no error', async () => {
  const job = await waiting();
  const waits = [];
  for (const outcome of ['RETRY', 'RETRY', 'FAILED']) {
    const it = await claims(later(3_600_000), 'w');
    if (!it) throw new Error('It does not come again.');
    const now = await readDatabaseTime();
    expect(await failRun(later(), jobTypes, it, BROKEN)).toBe(outcome);
    const { runAfter, status, attempts } = await stored(job);
    if (outcome === 'RETRY') waits.push(runAfter.getTime() - now);
    else expect([status, attempts]).toEqual(['FAILED', 3]);
  }
  expect(waits[0]).toBeGreaterThan(0);
  expect(waits[1]).toBeGreaterThan(2 * (waits[0] as number));
  const second = await waiting();
  const it = await claims(later(), 'w');
  if (!it) throw new Error('Nobody had it.');
  await failRun(later(), jobTypes, it, BROKEN);
  const again = await claims(later(3_600_000), 'w');
  if (!again) throw new Error('It does not come again.');
  await completes(again, {});
  expect(await stored(second)).toMatchObject({ status: 'COMPLETED' });
  expect(await stored(second)).not.toHaveProperty('error');
});

test('an error of ours is not shown: the job says INTERNAL, and is tried again', async () => {
  const job = await waiting();
  const run = () => Promise.reject(new Error('mongodb://user:secret@host'));
  await workOnce(later(), sweepRuns(run), () => 900_000);
  const { status, error } = await stored(job);
  expect([status, error?.code]).toEqual(['QUEUED', 'INTERNAL']);
  expect(error?.message).not.toContain('secret');
});

test('a job of a type without a handler stays queued, and the worker goes on to the next', async () => {
  const unknown = await waiting({ priority: 9 });
  await Job.collection.updateOne({ _id: unknown._id }, { $set: { type: 'nonsense' } });
  const known = await waiting();
  await rings();
  await rings();
  expect((await stored(unknown)).status).toBe('QUEUED');
  expect((await stored(known)).status).toBe('COMPLETED');
});

test('a worker names a type of waiting jobs that it has no handler for', async () => {
  const unknown = await waiting();
  const ctx = later();
  const error = vi.spyOn(ctx.log, 'error');
  await reportUnknownTypes(ctx, jobTypes);
  expect(error).not.toHaveBeenCalled();
  await Job.collection.updateOne({ _id: unknown._id }, { $set: { type: 'nonsense' } });
  await reportUnknownTypes(ctx, jobTypes);
  expect(error).toHaveBeenCalledWith(expect.any(String), { type: 'nonsense' });
  error.mockRestore();
});

test('a job whose input its type does not take is refused, every fault named', async () => {
  const input = { entity: 5, documents: [{ objects: 'x' }] } as unknown as SweepInput;
  const refused = enqueue(later(), sweep, { input });
  await expect(refused).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    errors: [
      { path: 'input.entity' },
      { path: 'input.documents.0.id' },
      { path: 'input.documents.0.objects' },
    ],
  });
});

const endless: JobType['run'] = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

test('a worker whose time runs out gives its job back, which is no failed try', async () => {
  const job = await waiting();
  await workOnce(later(), sweepRuns(endless), () => 5000);
  expect(await stored(job)).toMatchObject({ status: 'QUEUED', attempts: 0, losses: 1 });
  await rings();
  expect((await stored(job)).status).toBe('COMPLETED');
});

test('a job that no worker ends in its time is not begun for ever', async () => {
  const job = await waiting();
  await Job.collection.updateOne({ _id: job._id }, { $set: { losses: 25 } });
  await workOnce(later(), sweepRuns(endless), () => 5000);
  expect(await stored(job)).toMatchObject({ status: 'QUEUED' });
  await workOnce(later(), sweepRuns(endless), () => 5000);
  expect(await stored(job)).toMatchObject({ status: 'FAILED', error: { code: 'WORKER_LOST' } });
});

test('a worker learns within seconds that its job was cancelled, and stops', async () => {
  const alice = await given.user();
  const job = await waiting({ user: new UUID(alice.id) });
  const run: JobType['run'] = async ({ signal, progress }) => {
    expect((await alice.post(`/v1/jobs/${job._id}/cancel`)).status).toBe(200);
    progress(50);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };
  const began = Date.now();
  await workOnce(later(), sweepRuns(run), () => 900_000);
  expect(Date.now() - began).toBeLessThan(LEASE / 2);
  expect((await alice.get(`/v1/jobs/${job._id}`)).body).toMatchObject({
    status: 'CANCELLED',
    progress: 0,
  });
});

test('a ring without a job, and one that is no JSON, are done', async () => {
  expect(await runJobs(sqsEvent('{}', 'nonsense', ''), invocation())).toEqual({
    batchItemFailures: [],
  });
});

/** Rings that are on their way, or have come. */
async function ringsOf(): Promise<number> {
  const QueueUrl = process.env.UPKEEP_QUEUE_URL as string;
  const { Attributes } = await callSqs<{ Attributes: Record<string, string> }>(
    process.env.SQS_ENDPOINT as string,
    'GetQueueAttributes',
    { QueueUrl, AttributeNames: ['All'] },
  );
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesDelayed);
}

test('a job that is put back has a ring of its own: it takes none of another job', async () => {
  const runs: [JobType['run'], string][] = [
    [() => Promise.reject(new Error('for now')), 'QUEUED'],
    [async () => ({ wakeIn: 15 }), 'QUEUED'],
    [() => Promise.reject(new JobFailure('GONE', 'for good')), 'FAILED'],
  ];
  for (const [run, status] of runs) {
    const job = await waiting();
    const before = await ringsOf();
    await workOnce(later(), sweepRuns(run), () => 60_000);
    expect((await stored(job)).status).toBe(status);
    expect((await ringsOf()) - before).toBe(status === 'QUEUED' ? 1 : 0);
    await Job.collection.deleteMany({});
  }
});

test('a job says nothing of a medium that waits for another job', async () => {
  const alice = await given.user();
  const { track, job } = await uploadSong(alice);
  expect((await alice.post(`/v1/jobs/${job.id}/cancel`)).status).toBe(200);
  const { status, body } = await alice.post<{ job: string }>(`/v1/tracks/${track.id}/reprocess`);
  expect(status).toBe(202);
  // The first is begun anew, and given up once more.
  expect((await alice.post(`/v1/jobs/${job.id}/retry`)).status).toBe(202);
  expect((await alice.post(`/v1/jobs/${job.id}/cancel`)).status).toBe(200);
  expect((await statusOf(alice, track)).status).toBe('PROCESSING');
  expect((await alice.post(`/v1/jobs/${job.id}/retry`)).status).toBe(202);
  await rings();
  await rings();
  expect((await statusOf(alice, track)).status).toBe('READY');
  const results = [];
  for (const id of [job.id, body.job]) {
    results.push((await alice.get<{ result: object }>(`/v1/jobs/${id}`)).body.result);
  }
  expect(results).toMatchObject([{ superseded: true }, { superseded: false }]);
});

test('a run that does not stop after its time fails, and its process is to be ended', async () => {
  const job = await waiting();
  const hangs = () => new Promise<never>(() => undefined);
  const types = sweepRuns(hangs, { timeout: 0.1 });
  expect(await workOnce(later(), types, () => 60_000)).toBe('STUCK');
  expect(await stored(job)).toMatchObject({ status: 'FAILED', error: { code: 'TIMED_OUT' } });
});
