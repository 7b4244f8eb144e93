import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import type { Fault } from '../../src/local/comfyui/start.ts';
import { Image } from '../../src/models/media/image.ts';
import { TrashedMedium } from '../../src/models/media/trashed-medium.ts';
import type { Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { type Execution, makeDriver, runs, TWO_PICTURES } from './support/drive.ts';
import { givenRich, readBalance } from './support/jobs.ts';
import { serveOnly } from './support/serve.ts';

place({ worker: false });

const serve = serveOnly();

/** Whose first picture is there, READY, while the second one is fetched. */
async function startHalf(alice: Person, asked: object = {}) {
  const driver = makeDriver();
  const started = await runs(alice, TWO_PICTURES, asked);
  const half = await driver.ends(alice, started, ({ outputs }) => outputs?.length === 1);
  const picture = half.outputs?.[0]?.image as string;
  const readStatus = async () => {
    await driver.step();
    return (await alice.get(`/v1/images/${picture}`)).body.status;
  };
  await expect.poll(readStatus, { timeout: 30_000 }).toBe('READY');
  return { driver, started, picture };
}

/** How many pictures somebody has, in the trash, too. */
async function countPictures({ id }: Person): Promise<number> {
  const mine = { user: new UUID(id) };
  const shown = await Image.collection.countDocuments(mine);
  return shown + (await TrashedMedium.collection.countDocuments(mine));
}

const keepsFailing: Fault = { name: 'server-error', at: 'view', after: 1, times: 40 };

describe('media of a run that has not completed', () => {
  test('cannot be kept by cancelling: what has run is not cancelled, and is paid for', async () => {
    await serve(keepsFailing);
    const alice = await givenRich();
    const { driver, started } = await startHalf(alice);
    for (const path of [`comfyui/executions/${started.id}`, `jobs/${started.job}`]) {
      const refused = await alice.post(`/v1/${path}/cancel`);
      expect(refused).toMatchObject({ status: 409, body: { code: 'INVALID_STATE' } });
    }
    expect(await driver.ends(alice, started)).toMatchObject({ status: 'COMPLETED' });
    await driver.cleansUp();
    expect(await countPictures(alice)).toBe(2);
  });

  test('are gone when another one of it cannot be used', async () => {
    await serve({ name: 'html-as-picture', after: 1 });
    const alice = await givenRich();
    const driver = makeDriver();
    const done = await driver.ends(alice, await runs(alice, TWO_PICTURES));
    expect(done).toMatchObject({ status: 'FAILED', error: { code: 'INVALID_OUTPUT' } });
    expect(done.outputs ?? []).toEqual([]);
    await driver.cleansUp();
    expect(await countPictures(alice)).toBe(0);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  });

  test('are gone from the trash, too', async () => {
    const server = await serve(keepsFailing);
    const alice = await givenRich();
    const { driver, started, picture } = await startHalf(alice);
    expect((await alice.delete(`/v1/images/${picture}`)).status).toBe(204);
    expect(await countPictures(alice)).toBe(1);
    await server.stop();
    const done: Execution = await driver.ends(alice, started);
    expect(done).toMatchObject({ status: 'LOST' });
    await driver.cleansUp();
    expect(await countPictures(alice)).toBe(0);
  });

  test('are gone with its project, wherever they were put before', async () => {
    await serve(keepsFailing);
    const alice = await givenRich();
    const [project, other] = [(await alice.project()).id, (await alice.project()).id];
    const { driver, picture } = await startHalf(alice, { project });
    const moved = await alice.patch(`/v1/images/${picture}`, { project: other });
    expect(moved.status, moved.text).toBe(200);
    expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
    for (let i = 0; i < 5; i++) await driver.step();
    await driver.cleansUp();
    expect(await countPictures(alice)).toBe(0);
    expect(await readBalance(alice)).toEqual({ balance: 100, held: 0 });
  });

  test('are not those of a run that has: they stay when their project is deleted', async () => {
    await serve();
    const alice = await givenRich();
    const [project, other] = [(await alice.project()).id, (await alice.project()).id];
    const driver = makeDriver();
    const done = await driver.ends(alice, await runs(alice, TWO_PICTURES, { project }));
    const picture = done.outputs?.[0]?.image as string;
    expect((await alice.patch(`/v1/images/${picture}`, { project: other })).status).toBe(200);
    expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
    await driver.cleansUp();
    expect((await alice.get(`/v1/images/${picture}`)).status).toBe(200);
  });
});
