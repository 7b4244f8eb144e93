import './priced.ts';
import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { PLAIN_PICTURE, runs } from './support/drive.ts';

place({ worker: false });

test('an execution costs what its workflow does and what prices say of all, and nothing when it is cancelled', async () => {
  const [alice, admin] = [await given.user(), await given.admin()];
  const balance = async () => (await alice.get('/v1/credits')).body;
  const grant = { user: alice.id, amount: 10, reason: 'A test.' };
  expect((await admin.post('/v1/credits/grants', grant)).status).toBe(201);
  const { id, job, workflow } = await runs(alice, { ...PLAIN_PICTURE, creditCost: 7 });
  expect(await balance()).toMatchObject({ balance: 10, held: 9 });
  const stored = await Job.collection.findOne({ _id: new UUID(job) });
  expect(stored).toMatchObject({ quote: 9, priceVersion: 'of-tests' });
  const second = await alice.post('/v1/comfyui/executions', { workflow });
  expect(second).toMatchObject({ status: 402, body: { code: 'INSUFFICIENT_CREDITS' } });
  expect((await alice.post(`/v1/comfyui/executions/${id}/cancel`)).status).toBe(200);
  expect(await balance()).toMatchObject({ balance: 10, held: 0 });
});
