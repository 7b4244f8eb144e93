import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type Log, sentenceOf } from '../log.ts';
import { leash } from './leash.ts';

/** A child process that is started again whenever it dies. */
export type Kept = {
  readonly pid: number | undefined;
  /** Starts a new one in its place; the old one ends first. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

type Options = {
  name: string;
  launch: () => ChildProcess | Promise<ChildProcess>;
  /** Resolves once the child can be used; called again for each that replaces a dead one. */
  ready: (child: ChildProcess) => Promise<void>;
  log: Log;
  /** How long a child may take to end before it is killed, ms. */
  grace?: number;
};

const backoff = { first: 100, most: 5000, forgetAfter: 10_000 };

/** Starts a child and keeps it: its first failure is the caller's, later ones are retried. */
export async function keep({ name, launch, ready, log, grace = 8000 }: Options): Promise<Kept> {
  let child: ChildProcess | undefined;
  let delay = backoff.first;
  let era = 0; // a stop or a restart begins a new one, in which older retries have no say

  async function start(): Promise<void> {
    const born = era;
    const current = await launch();
    const started = Date.now();
    let usable = false;
    leash(current);
    if (child && born !== era) {
      await end(current, grace); // it was stopped while it was being launched
      return;
    }
    child = current;
    current.once('exit', (code, signal) => {
      if (!usable || born !== era) return;
      if (Date.now() - started > backoff.forgetAfter) delay = backoff.first;
      log(`${name} ended (${signal ?? `code ${code}`}); starting it again`);
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
      dead.catch(() => {}); // the exit listener above is the one that acts from here on
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
        log(`${name} is back`);
        return;
      } catch (error) {
        if (mine === era) log(sentenceOf(error));
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
      log(sentenceOf(error));
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

/** Ends a child kindly, and for sure after `grace` ms. */
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
