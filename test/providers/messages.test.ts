import '../harness/place.ts';
import { expect, test } from 'vitest';
import { config } from '../../src/config.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId } from '../../src/data/ids.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { requestAppend } from '../../src/services/audit/chain.ts';
import { ringJobs } from '../../src/services/jobs/queue.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('messages hold ids alone, however large what they tell of is', async () => {
  const ctx = systemCtx('test');
  const job = newId(Date.now());
  await ringJobs(ctx, job);
  await requestAppend(ctx);
  expect(await receive(config.jobsQueueUrl)).toEqual([{ job: idText(job) }]);
  expect(await receive(config.auditQueueUrl)).toEqual([{ append: true }]);
});

async function receive(QueueUrl: string | undefined): Promise<unknown[]> {
  const input = { QueueUrl, WaitTimeSeconds: 5 };
  const { Messages = [] } = await callSqs<{ Messages?: { Body: string }[] }>(
    config.sqsEndpoint as string,
    'ReceiveMessage',
    input,
  );
  return Messages.map(({ Body }) => JSON.parse(Body));
}
