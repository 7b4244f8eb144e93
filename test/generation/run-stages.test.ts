import { expect, test } from 'vitest';
import {
  RUN_STAGES,
  type RunStage,
} from '../../src/models/generation/comfyui/workflow-execution.ts';
import {
  decide,
  GONE_AFTER,
  LONGEST_RUN,
  LOST_AFTER,
  pace,
  SETTLED_AFTER,
  type Sight,
} from '../../src/services/generation/run-stages.ts';

const at: RunStage[] = ['SUBMITTING', 'SUBMITTED', 'RUNNING'];
const seen = (is: string) => ({ is, code: 'NODE_FAILED', message: 'no' }) as Sight;

test('what was never taken is sent again only when its request cannot be under way any more', () => {
  const state = (sinceSent?: number, sinceMissing = LOST_AFTER) => ({
    ...{ stage: 'SUBMITTING' as const, sinceSent, sinceMissing },
  });
  expect(decide(state(0), seen('UNKNOWN'))).toMatchObject({ do: 'WAIT' });
  expect(decide(state(SETTLED_AFTER - 1), seen('UNKNOWN'))).toMatchObject({ do: 'WAIT' });
  expect(decide(state(SETTLED_AFTER), seen('UNKNOWN'))).toEqual({ do: 'SUBMIT' });
  // It was silent until just now, and may have the request before it yet.
  expect(decide(state(10 * SETTLED_AFTER, 0), seen('UNKNOWN'))).toMatchObject({ do: 'WAIT' });
});

test('what was taken is never sent again, whatever is seen of it and however long it takes', () => {
  const times = [undefined, 0, LOST_AFTER, GONE_AFTER, LONGEST_RUN + 1];
  for (const stage of ['SUBMITTED', 'RUNNING'] as const) {
    for (const is of [
      'PENDING',
      'RUNNING',
      'SUCCEEDED',
      'FAILED',
      'INTERRUPTED',
      'UNKNOWN',
      'UNREACHED',
    ]) {
      for (const sinceMissing of times) {
        for (const sinceUnreached of times) {
          const state = { stage, sinceSent: 1000, sinceMissing, sinceUnreached };
          expect(decide(state, seen(is)).do).not.toBe('SUBMIT');
        }
      }
    }
  }
});

test('what its pod has forgotten, or whose pod is gone, is lost after a while', () => {
  for (const stage of at.slice(1)) {
    expect(decide({ stage, sinceMissing: 0 }, seen('UNKNOWN'))).toMatchObject({ do: 'WAIT' });
    expect(decide({ stage, sinceMissing: LOST_AFTER }, seen('UNKNOWN')).do).toBe('LOSE');
  }
  for (const stage of at) {
    expect(decide({ stage, sinceUnreached: 0 }, seen('UNREACHED'))).toMatchObject({
      do: 'WAIT',
      stage,
    });
    expect(decide({ stage, sinceUnreached: GONE_AFTER }, seen('UNREACHED')).do).toBe('LOSE');
  }
});

test('whatever is seen, something is done, and within a minute', () => {
  for (const stage of RUN_STAGES) {
    for (const is of [
      'PENDING',
      'RUNNING',
      'SUCCEEDED',
      'FAILED',
      'INTERRUPTED',
      'UNKNOWN',
      'UNREACHED',
    ]) {
      const decision = decide({ stage, sinceSent: 3_600_000 }, seen(is));
      if (decision.do === 'WAIT') expect(decision.wakeIn).toBeLessThanOrEqual(60);
    }
  }
});

test('a run has as many seconds as are paid for, whether it still runs or has ended by then', () => {
  const state = (seconds: number) => ({
    ...{ stage: 'RUNNING' as const, sinceSent: 3_600_000, sinceRunning: 1000 * seconds },
    mayRun: 20_000,
  });
  expect(decide(state(15), seen('RUNNING'))).toMatchObject({ do: 'WAIT', wakeIn: 6 });
  expect(decide(state(21), seen('RUNNING'))).toMatchObject({ do: 'END_SPENT' });
  expect(decide({ ...state(21), mayRun: undefined }, seen('RUNNING')).do).toBe('WAIT');
  const ended = (seconds?: number) => ({ is: 'SUCCEEDED', seconds }) as const;
  expect(decide(state(15), ended(20))).toEqual({ do: 'COLLECT' });
  expect(decide(state(15), ended(20.1))).toMatchObject({ do: 'END_SPENT' });
  expect(decide(state(15), ended())).toEqual({ do: 'COLLECT' });
});

test('a run of six hours is looked at fewer than 1,000 times', () => {
  let looks = 0;
  for (let seconds = 0; seconds < 6 * 3600; seconds += pace(seconds, 30)) looks++;
  expect(looks).toBeLessThan(1000);
});
