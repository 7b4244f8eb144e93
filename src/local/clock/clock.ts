import { randomUUID } from 'node:crypto';
import type { ScheduledEvent } from 'aws-lambda';
import { Cron } from 'croner';
import type { Deployment } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { createInvoker } from '../invoke/invoker.ts';
import { formatError, type Log, toStderr } from '../log.ts';
import { readExpression } from './expression.ts';

/** Calls the functions that have schedules. */
export type Clock = { stop(): void };

type Options = { deployment: Deployment; load?: Load; log?: Log };

// As EventBridge reads a cron expression: in UTC, Sunday is 1, and a step may begin at a number
// (`0/15`).
const asEventBridge = { timezone: 'UTC', alternativeWeekdays: true, sloppyRanges: true };

/**
 * Fires the schedules of a deployment. A schedule whose last run has not ended is skipped.
 * Schedules with a rate also fire at once, so that what a stop or a crash left behind is repaired
 * without a minute's wait; cron schedules keep to their times, as a nightly run at noon would be
 * wrong.
 */
export function startClock({ deployment, load = importHandler, log = toStderr }: Options): Clock {
  const jobs = deployment.functions.flatMap((fn) => {
    const invoke = createInvoker(fn, load);
    return fn.schedules.map(({ expression, input }) => {
      let running = false;
      const fire = async () => {
        if (running) return;
        running = true;
        try {
          await invoke(input ?? makeScheduledEvent(fn.name));
        } catch (error) {
          log(`${fn.name} failed on its schedule: ${formatError(error)}`);
        } finally {
          running = false;
        }
      };
      const timing = readExpression(expression);
      if ('pattern' in timing) return new Cron(timing.pattern, asEventBridge, fire);
      void fire();
      const startAt = new Date(Date.now() + timing.every * 1000);
      return new Cron('* * * * * *', { interval: timing.every, startAt }, fire);
    });
  });
  return {
    stop: () => {
      for (const job of jobs) job.stop();
    },
  };
}

function makeScheduledEvent(name: string): ScheduledEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: 'us-east-1',
    resources: [`arn:aws:events:us-east-1:000000000000:rule/${name}`],
    detail: {},
  };
}
