import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { formatMessage, type Log } from '../log.ts';
import { endWithParent } from './end-with-parent.ts';

/** A child process that is restarted whenever it dies. */
export type Kept = {
  readonly pid: number | undefined;
  /** Ends the process and starts a new one. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

type Options = {
  name: string;
  launch: () => ChildProcess | Promise<ChildProcess>;
  /** Resolves once the child can be used; called again after each restart. */
  ready: (child: ChildProcess) => Promise<void>;
  log: Log;
  /** How long a child may take to end before it is killed, in ms. */
  grace?: number;
};

const backoff = { first: 100, most: 5000, forgetAfter: 10_000 };

/**
 * Starts a child and restarts it with backoff when it dies. Only a failure of the first start is
 * thrown.
 */
export async function keep({ name, launch, ready, log, grace = 8000 }: Options): Promise<Kept> {
  let child: ChildProcess | undefined;
  let delay = backoff.first;
  let era = 0; // incremented by each stop and restart, so that earlier retries give up

  async function start(): Promise<void> {
    const born = era;
    const current = await launch();
    const started = Date.now();
    let usable = false;
    endWithParent(current);
    if (child && born !== era) {
      await end(current, grace); // it was stopped while it was being launched
      return;
    }
    child = current;
    current.once('exit', (code, signal) => {
      if (!usable || born !== era) return;
      if (Date.now() - started > backoff.forgetAfter) delay = backoff.first;
      log(`${name} ended (${signal ?? `code ${code}`}); restarting it`);
      void revive();
    });
    const dead = once(current, 'exit').then(() => {
      throw new Error(`${name} ended before it was ready`);
    });
    try {
      await Promise.race([ready(current), dead]);
      usable = true;
    } catch (error) {
      await end(current, grace);
      throw error;
    } finally {
      dead.catch(() => {}); // from here on the exit listener above handles it
    }
  }

  async function revive(): Promise<void> {
    const mine = era;
    for (;;) {
      await pause(delay);
      delay = Math.min(delay * 2, backoff.most);
      if (mine !== era) return;
      try {
        await start();
        log(`${name} is running again`);
        return;
      } catch (error) {
        if (mine === era) log(formatMessage(error));
      }
    }
  }

  function stop(): Promise<void> {
    era += 1;
    return child ? end(child, grace) : Promise.resolve();
  }

  async function restart(): Promise<void> {
    await stop();
    const mine = era;
    await start().catch((error: unknown) => {
      log(formatMessage(error));
      if (mine === era) void revive();
    });
  }

  await start();
  return {
    get pid() {
      return child?.pid;
    },
    restart,
    stop,
  };
}

/** Ends a child by SIGTERM, and after `grace` ms by SIGKILL. */
export async function end(child: ChildProcess, grace: number): Promise<void> {
  if (!isRunning(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), grace);
  await gone;
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
