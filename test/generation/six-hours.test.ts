import '../harness/place.ts';
import { expect, test } from 'vitest';
import { ComfyUIWorkflowExecution } from '../../src/models/generation/comfyui/workflow-execution.ts';
import { place } from '../harness/place.ts';
import { judge } from './simulation/check.ts';
import { readCounts } from './simulation/lives.ts';
import { makeOwner } from './simulation/make-owner.ts';
import { runSchedule } from './simulation/run-schedule.ts';

place({ worker: false });

const HOURS = 6;

test('a run of six hours is followed with fewer than 5,000 invocations, none of them longer than a minute, though its pod is slow', async () => {
  const owner = await makeOwner();
  const before = readCounts().messages;
  const slow = { name: 'delay', times: 100 } as const;
  const world = await runSchedule(owner, {
    seed: 0,
    pods: [
      {
        // As slow as a pod may be that is given work, for its first hundred answers of each kind.
        faults: [
          { ...slow, at: 'queue', seconds: 3 },
          { ...slow, at: 'history', seconds: 14 },
          { ...slow, at: 'submit', seconds: 14 },
          { ...slow, at: 'view', seconds: 25 },
        ],
        seconds: HOURS * 3600,
        hasUniqueIds: false,
        vramTotal: 0,
      },
    ],
    executions: [{ at: 0, workflow: 0 }],
    ...{ workers: 1, blows: [], trouble: 2 * HOURS * 3600, hasFates: false },
  });
  const { faults, ends } = await judge(world, 0);
  const run = await ComfyUIWorkflowExecution.collection.findOne({ _id: world.executions[0]?._id });
  expect([faults, ends], JSON.stringify(run?.error)).toEqual([[], ['COMPLETED']]);
  expect(world.clock.now() - world.begun).toBeGreaterThan(HOURS * 3_600_000);
  // Each message is an invocation.
  const messages = readCounts().messages - before;
  console.log(
    `${messages} messages, ${world.steps} steps of workers, the longest of ${world.longest / 1000} s.`,
  );
  expect(messages).toBeLessThan(5000);
  expect(world.steps).toBeLessThan(5000);
  expect(world.longest).toBeLessThan(60_000);
  for (const pod of world.pods) await pod.stop();
});
