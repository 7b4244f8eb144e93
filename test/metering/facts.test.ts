import '../harness/place.ts';
import { expect, test } from 'vitest';
import { flushCalls } from '../../src/api/http/call-meter.ts';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { insert, update } from '../../src/data/write.ts';
import { ComfyUIResourceUsage } from '../../src/models/generation/comfyui/resource-usage.ts';
import { LlmInteraction } from '../../src/models/generation/llm/interaction.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { MeteringFact } from '../../src/models/metering/metering-fact.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { rollUp } from '../../src/services/metering/roll-up.ts';
import { grant } from '../billing/make-entry.ts';
import { dying } from '../harness/dying.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { compareStats } from '../harness/recount.ts';
import { stored } from '../harness/stored.ts';

place({ worker: false });

const ctx = systemCtx('test');

interface StatDoc extends Doc {
  metric: string;
  sum: number;
  count: number;
  dimensions: Record<string, string>;
}

/** What somebody has used today, by metric and dimensions. */
async function usageOf(person: Person): Promise<Record<string, number>> {
  await appendToChain(ctx);
  await rollUp(ctx, () => 600_000);
  const { body } = await person.get<{ data: StatDoc[] }>('/v1/stats?period=DAY&limit=100');
  return Object.fromEntries(
    body.data.map(({ metric, dimensions, sum }) => [
      [metric, ...Object.values(dimensions)].join(' '),
      sum,
    ]),
  );
}

test('documents and bytes are counted as they come and go; those in the trash until they are gone', async () => {
  const alice = await given.user();
  const track = await alice.track({ size: 1000 });
  const image = await alice.medium('images', { size: 500 });
  expect(await usageOf(alice)).toMatchObject({
    ...{ 'documents Project': 1, 'documents Track': 1, 'documents Image': 1 },
    ...{ 'storage.bytes': 1500, 'accounts.signIns': 1, 'accounts.registered': 1 },
  });
  await update(
    ctx,
    (await import('../../src/models/media/image.ts')).Image,
    { _id: new UUID(image.id) },
    { set: { status: 'READY' } },
  );
  await alice.delete(`/v1/images/${image.id}`);
  expect(await usageOf(alice)).toMatchObject({ 'documents Image': 0, 'storage.bytes': 1500 });
  await alice.post(`/v1/trash/${image.id}/restore`);
  expect(await usageOf(alice)).toMatchObject({ 'documents Image': 1, 'storage.bytes': 1500 });
  await alice.delete(`/v1/images/${image.id}`);
  await alice.delete(`/v1/trash/${image.id}`);
  await alice.delete(`/v1/projects/${track.project}`);
  expect(await usageOf(alice)).toMatchObject({
    ...{ 'documents Image': 0, 'documents Track': 0, 'documents Project': 0 },
    'storage.bytes': 0,
  });
  expect(await compareStats()).toEqual([]);
});

test('what is processed, rendered, generated and spent is counted by the change that completes it', async () => {
  const alice = await given.user();
  const user = new UUID(alice.id);
  const track = await alice.track();
  const { Track } = await import('../../src/models/media/track.ts');
  const audio = {
    durationSeconds: 90,
    sampleRate: 44_100,
    channels: 2,
    bitRate: 1,
    codec: 'mp3',
    lossless: false,
  };
  await update(
    ctx,
    Track,
    { _id: new UUID(track.id) },
    { set: { status: 'READY', audio } },
    'ready',
  );
  const { Export } = await import('../../src/models/exports/export.ts');
  const _id = new UUID(await stored(Export, alice));
  await update(ctx, Export, { _id }, { set: { status: 'COMPLETED' } }, 'complete');
  const chat = new UUID(await stored(LlmInteraction, alice));
  const usage = { promptTokens: 70, completionTokens: 30 };
  await update(
    ctx,
    LlmInteraction,
    { _id: chat },
    { set: { status: 'COMPLETED', usage } },
    'complete',
  );
  await stored(ComfyUIResourceUsage, alice, { gpuSeconds: 12.5 });
  await grant(alice, 40);
  const started = new Date();
  const job = await insert(ctx, Job, {
    ...{ _id: newId(started.getTime() - 60_000), user, type: 'export', input: {} },
    ...{ status: 'RUNNING', startedAt: started, runAfter: started },
  });
  const done = { status: 'COMPLETED', completedAt: new Date(started.getTime() + 5000) };
  const later = { ...ctx, clock: () => started.getTime() + 5000 };
  await update(later, Job, { _id: job._id }, { set: done }, 'complete');
  const lost = await insert(ctx, Job, { user, type: 'export', input: {}, runAfter: started });
  const error = { code: 'DISK_FULL', message: 'Full.', retryable: false };
  await update(ctx, Job, { _id: lost._id }, { set: { status: 'FAILED', error } }, 'fail');
  expect(await usageOf(alice)).toMatchObject({
    ...{ 'media.minutes Track': 1.5, exports: 1, 'renders export': 1 },
    ...{ 'tokens prompt': 70, 'tokens completion': 30, 'gpu.seconds': 12.5 },
    'credits GRANT BONUS': 40,
    ...{ 'jobs COMPLETED export': 1, 'jobs FAILED export': 1, 'jobs.failed DISK_FULL export': 1 },
    ...{ 'jobs.wait export': 60_000, 'jobs.run export': 5000 },
  });
  expect(await compareStats()).toEqual([]);
});

test('each audit event is metered once, wherever the process that appends it is killed', async () => {
  const alice = await given.user();
  for (let n = 0; n < 12; n++) {
    await alice.project();
    await dying(n, n % 2 === 0, () => appendToChain(ctx));
  }
  expect(await usageOf(alice)).toMatchObject({ 'documents Project': 12 });
});

test('calls are counted by their user, and of the whole app by operation, status and code', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  await flushCalls(ctx);
  for (let n = 0; n < 3; n++) await alice.get('/v1/projects');
  await alice.get('/v1/projects/00000000-0000-7000-8000-00000000abcd');
  await flushCalls(ctx);
  const mine = { user: new UUID(alice.id), 'amounts.metric': 'calls' };
  const facts = await MeteringFact.collection.find(mine).toArray();
  const calls = facts.flatMap(({ amounts }) => amounts as { amount: number }[]);
  expect(calls.reduce((sum, { amount }) => sum + amount, 0)).toBe(4);
  await rollUp(ctx, () => 600_000);
  const of = async (metric: string) => {
    const path = `/v1/admin/stats?metric=${metric}&period=DAY&limit=100`;
    return (await root.get<{ data: StatDoc[] }>(path)).body.data;
  };
  const times = await of('calls.time');
  const listed = times.find(({ dimensions: d }) => d.operation === 'listProjects');
  expect(listed).toMatchObject({
    dimensions: { status: '200' },
    count: 3,
    p95: expect.any(Number),
  });
  expect(await of('calls.failed')).toMatchObject([
    { dimensions: { operation: 'getProject', code: 'NOT_FOUND' }, sum: 1 },
  ]);
  expect(await compareStats()).toEqual([]);
});
