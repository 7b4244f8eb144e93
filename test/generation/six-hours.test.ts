import '../harness/place.ts';
import { expect, test } from 'vitest';
import { simulateClock, startComfyUi } from '../../src/local/comfyui/start.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeDriver, PLAIN_PICTURE, runs, usePods } from './support/drive.ts';

place({ worker: false });

test('an execution of six hours is followed by fewer than 1,000 short steps', async () => {
  const clock = simulateClock();
  const server = await startComfyUi({ clock, timings: { SaveImage: 6 * 3600 } });
  await usePods(server.url);
  const alice = await given.user();
  const driver = makeDriver((ms) => clock.advance(ms));
  const started = await runs(alice, PLAIN_PICTURE);
  const done = await driver.ends(alice, started);
  expect(done).toMatchObject({ status: 'COMPLETED', stage: 'DONE' });
  expect(driver.ctx.clock() - Date.now()).toBeGreaterThan(6 * 3_600_000);
  expect(driver.runs).toBeLessThan(1000);
  await server.stop();
  expect(driver.longest).toBeLessThan(60_000);
});
