import '../harness/place.ts';
import { expect, test } from 'vitest';
import { config } from '../../src/config.ts';
import { systemCtx } from '../../src/context.ts';
import { idText } from '../../src/data/ids.ts';
import { callSqs } from '../../src/local/queue/client.ts';
import { requestAppend } from '../../src/services/audit/chain.ts';
import { enqueue, ringJobs } from '../../src/services/jobs/queue.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

test('messages hold an id and a queue alone, however large what they tell of is', async () => {
  const ctx = systemCtx('test');
  const { _id } = await enqueue(ctx, sweep, { input: { entity: 'Project', documents: [] } });
  await ringJobs(ctx, _id);
  await requestAppend(ctx);
  expect(await receive(config.jobQueueUrls.upkeep)).toEqual([
    { job: idText(_id), queue: 'UPKEEP' },
  ]);
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
