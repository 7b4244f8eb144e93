import { randomUUID } from 'node:crypto';
import type { ScheduledEvent } from 'aws-lambda';
import { Cron } from 'croner';
import type { Deployment } from '../deployment/types.ts';
import { importHandler, type Load } from '../invoke/handler.ts';
import { invoker } from '../invoke/invoker.ts';
import { type Log, textOf, toStderr } from '../log.ts';
import { readExpression } from './expression.ts';

/** The functions that schedules call. */
export type Clock = { stop(): void };

type Options = { deployment: Deployment; load?: Load; log?: Log };

// In UTC, with a Sunday that is 1 and steps that begin at a number: `0/15`.
const asEventBridge = { timezone: 'UTC', alternativeWeekdays: true, sloppyRanges: true };

/**
 * Fires the schedules of a deployment; one that still runs is not started again. Those with a rate
 * also fire at once: what a stop or a crash left behind is then healed without a minute's wait.
 * One with a calendar keeps to it, as a nightly run at noon would be wrong.
 */
export function startClock({ deployment, load = importHandler, log = toStderr }: Options): Clock {
  const jobs = deployment.functions.flatMap((fn) => {
    const invoke = invoker(fn, load);
    return fn.schedules.map(({ expression, input }) => {
      let running = false;
      const fire = async () => {
        if (running) return;
        running = true;
        try {
          await invoke(input ?? scheduledEvent(fn.name));
        } catch (error) {
          log(`${fn.name} failed on its schedule: ${textOf(error)}`);
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

function scheduledEvent(name: string): ScheduledEvent {
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
