import '../harness/place.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { type ComfyUi, startComfyUi } from '../../src/local/comfyui/start.ts';
import { ComfyUINodeCatalog } from '../../src/models/generation/comfyui/node-catalog.ts';
import { checkPods } from '../../src/services/generation/comfyui/check-pods.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeDriver, PLAIN_PICTURE, runs, usePods } from './support/drive.ts';

place({ worker: false });

const servers: ComfyUi[] = [];
beforeAll(async () => {
  for (let n = 0; n < 2; n++) servers.push(await startComfyUi({ timings: { '*': 0.3 } }));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

test('a pod that is drained ends what it has begun and gets nothing more; undrained it gets work again', async () => {
  const [first, second] = await usePods(...servers.map(({ url }) => url));
  const [alice, admin] = [await given.user(), await given.admin()];
  const driver = makeDriver();
  const drain = async (pod: string | undefined, isDraining: boolean) =>
    expect((await admin.patch(`/v1/comfyui/pods/${pod}`, { isDraining })).status).toBe(200);
  await drain(second, true);
  const begun = await runs(alice, PLAIN_PICTURE);
  await driver.ends(alice, begun, ({ stage }) => stage === 'SUBMITTED' || stage === 'RUNNING');
  await drain(first, true);
  const waiting = await runs(alice, PLAIN_PICTURE);
  expect(await driver.ends(alice, begun)).toMatchObject({ status: 'COMPLETED', pod: first });
  for (let i = 0; i < 10; i++) await driver.step();
  const path = `/v1/comfyui/executions/${waiting.id}`;
  expect((await alice.get(path)).body).toMatchObject({ status: 'QUEUED', stage: 'WAITING' });
  await drain(second, false);
  expect(await driver.ends(alice, waiting)).toMatchObject({ status: 'COMPLETED', pod: second });
});

test('a pod that is at work on an execution is not deleted, and says how to; afterwards it is', async () => {
  const [pod] = await usePods(servers[0]?.url ?? '');
  const [alice, admin] = [await given.user(), await given.admin()];
  const driver = makeDriver();
  const path = `/v1/comfyui/pods/${pod}`;
  const begun = await runs(alice, PLAIN_PICTURE);
  for (const stage of ['SUBMITTED', 'COLLECTING']) {
    await driver.ends(alice, begun, (run) => run.stage === stage);
    const refused = await admin.delete(path);
    expect(refused).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
    expect(refused.text).toContain('isDraining');
  }
  expect((await admin.patch(path, { isDraining: true })).status).toBe(200);
  expect((await admin.delete(path)).status).toBe(409);
  expect(await driver.ends(alice, begun)).toMatchObject({ status: 'COMPLETED' });
  expect((await alice.delete(path)).status).toBe(403);
  expect((await admin.delete(path)).status).toBe(204);
  expect((await admin.delete(path)).status).toBe(404);
});

test('a pod gets another address only when it is at work on nothing, and is another server then', async () => {
  const [first, second] = servers as [ComfyUi, ComfyUi];
  const [pod] = await usePods(first.url);
  const [alice, admin] = [await given.user(), await given.admin()];
  const driver = makeDriver();
  const path = `/v1/comfyui/pods/${pod}`;
  const begun = await runs(alice, PLAIN_PICTURE);
  await driver.ends(alice, begun, ({ stage }) => stage === 'SUBMITTED' || stage === 'RUNNING');
  const moved = { baseUrl: second.url };
  expect(await admin.patch(path, moved)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
  expect((await admin.patch(path, { baseUrl: first.url, name: 'Renamed' })).status).toBe(200);
  expect(await driver.ends(alice, begun)).toMatchObject({ status: 'COMPLETED', pod });
  await checkPods(driver.ctx, AbortSignal.timeout(60_000));
  expect((await admin.get(path)).body).toMatchObject({
    capabilities: { nodes: expect.any(Number) },
  });
  const { status, body } = await admin.patch(path, moved);
  expect(status).toBe(200);
  expect(body).toMatchObject({ ...moved, status: 'STARTING' });
  expect(body).not.toHaveProperty('capabilities');
  expect(await ComfyUINodeCatalog.collection.countDocuments({ pod: new UUID(pod) })).toBe(0);
  const next = await runs(alice, PLAIN_PICTURE);
  expect(await driver.ends(alice, next)).toMatchObject({ status: 'COMPLETED', pod });
});
