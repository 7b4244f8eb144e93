import { type Clock, startClock } from './clock/clock.ts';
import type { Deployment } from './deployment/types.ts';
import { type Listener, startListener } from './events/listener.ts';
import type { Load } from './invoke/handler.ts';
import type { Log } from './log.ts';
import { type Poller, startPoller } from './queue/poller.ts';

/** Runs the functions that have no HTTP route. */
export type Worker = { stop(): Promise<void> };

type Options = {
  deployment: Deployment;
  env: Record<string, string | undefined>;
  load?: Load;
  log?: Log;
  /** Whether schedules fire. */
  clock?: boolean;
};

/** Starts to handle S3 events, queues and schedules, at the addresses in `env`. */
export async function startWorker(options: Options): Promise<Worker> {
  const { env, clock = true } = options;
  const { S3_EVENTS_URL: hub, MEDIA_BUCKET: bucket, SQS_ENDPOINT: endpoint } = env;
  const parts: (Listener | Poller | Clock)[] = [];
  if (hub && bucket) parts.push(await startListener({ ...options, hub, bucket }));
  if (endpoint) parts.push(startPoller({ ...options, endpoint }));
  if (clock) parts.push(startClock(options));
  return {
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
