import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { PassThrough } from 'node:stream';
import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { endProcess, interceptCalls, type Session } from '../../harness/outside-calls.ts';

/** What happens to a process: it is killed at one of its calls of the outside world, or stopped for a while. */
export interface Fate {
  is: 'killed' | 'stopped';
  /** At any call, or at the commits of transactions alone, between which most is decided. */
  at: 'call' | 'commit';
  /** How many of these it makes before. */
  after: number;
  /** Of one that is killed, whether its last call is still carried out. */
  isHeard: boolean;
  /** Of one that is stopped, until when. */
  sleep?: () => Promise<void>;
}

interface Life {
  fate: Fate;
  step: Step;
  left: number;
  hasStopped: boolean;
  sessions: Set<Session>;
  timers: Set<NodeJS.Timeout>;
  ends: () => void;
}

const lives = new AsyncLocalStorage<Life>();
const forever = new Promise<never>(() => {});
const counts = { calls: 0, requests: 0, messages: 0 };

/** How many calls of the database, of S3 and of the key store, and how many requests to pods, are under way; and how many messages were sent. */
export const readCounts = (): Readonly<typeof counts> => counts;

/** What somebody does at a moment of the simulated time, which does not pass meanwhile. */
interface Step {
  /** Its requests to pods that are under way: these may take time. */
  requests: number;
}

const steps = new Set<Step>();
const current = new AsyncLocalStorage<Step>();

/** Does something that takes no simulated time, but for requests to pods. */
export async function asStep<T>(work: (step: Step) => Promise<T>): Promise<T> {
  const step = { requests: 0 };
  steps.add(step);
  try {
    return await current.run(step, () => work(step));
  } finally {
    steps.delete(step);
  }
}

/** Whether a step is at work, and does not wait for a pod. */
export function isAtWork(): boolean {
  for (const { requests } of steps) if (requests === 0) return true;
  return false;
}

/** The keys of objects that have been stored in S3 and were not told of yet. */
export const stored = new Set<string>();

/** Ports that nothing reaches at the moment. */
export const cutOff = new Set<string>();

/**
 * Runs work as a process with this fate. Of one that is killed nothing goes on from there, no `catch` and no
 * `finally`; one that is stopped goes on later, as if nothing had happened.
 */
export async function live<T>(
  fate: Fate | undefined,
  work: () => Promise<T>,
): Promise<T | 'killed'> {
  patch();
  if (!fate) return asStep(work);
  let ends = () => {};
  const killed = new Promise<'killed'>((resolve) => {
    ends = () => resolve('killed');
  });
  return asStep(async (step) => {
    const life = {
      ...{ fate, step, left: fate.after, hasStopped: false, ends },
      ...{ sessions: new Set<Session>(), timers: new Set<NodeJS.Timeout>() },
    };
    const how = await Promise.race([lives.run(life, work), killed]);
    if (how === 'killed') {
      for (const timer of life.timers) clearInterval(timer);
      await endProcess(life.sessions);
    }
    return how;
  });
}

async function within<T>(call: () => Promise<T>, committed?: Session): Promise<T> {
  const life = lives.getStore();
  if (!life) return count(call);
  const { fate } = life;
  const isOver = fate.is === 'killed' && life.left < 0;
  if (fate.at === 'commit' && !committed && !isOver) return count(call);
  if (life.left-- > 0) return count(call);
  if (fate.is === 'stopped') {
    const answer = await count(call);
    // Not within a transaction: others would wait for its locks, and the time for them.
    if (!life.hasStopped && !isInTransaction(life, committed)) {
      life.hasStopped = true;
      steps.delete(life.step);
      await fate.sleep?.();
      steps.add(life.step);
    }
    return answer;
  }
  if (life.left === -1 && fate.isHeard) await lives.exit(() => count(call)).catch(() => {});
  life.ends();
  return forever;
}

/** Whether a process has a transaction open, but for the one that is committed just now. */
function isInTransaction({ sessions }: Life, committed?: Session): boolean {
  return [...sessions].some((session) => session !== committed && session.inTransaction());
}

async function count<T>(call: () => Promise<T>): Promise<T> {
  counts.calls++;
  try {
    return await call();
  } finally {
    counts.calls--;
    if (counts.calls === 0) for (const wake of waiting.splice(0)) wake();
  }
}

const waiting: (() => void)[] = [];

/** Waits until no call is under way, if there is one. */
export async function awaitCalls(): Promise<void> {
  if (counts.calls > 0) await new Promise<void>((resolve) => waiting.push(resolve));
}

let isPatched = false;

/** Every call of the database, of S3 and of a pod passes here. */
function patch(): void {
  if (isPatched) return;
  isPatched = true;
  interceptCalls((call, operation) => {
    const { session, command } = operation;
    if (session?.inTransaction?.()) lives.getStore()?.sessions.add(session);
    const committed = command?.commitTransaction ? session : undefined;
    const make = async () => {
      const answer = await inside.run(true, call);
      if (operation instanceof CompleteMultipartUploadCommand) {
        stored.add(String(operation.input.Key));
      }
      return answer;
    };
    return within(make, committed);
  });
  // Workers look by themselves what there is to do, as if each message were lost.
  SQSClient.prototype.send = async () => {
    counts.messages++;
  };
  // Keys come by `fetch`.
  const { fetch } = globalThis;
  globalThis.fetch = (...args) => count(() => fetch(...args));
  const setTimer = globalThis.setInterval;
  globalThis.setInterval = ((...args: Parameters<typeof setTimer>) => {
    const timer = setTimer(...args);
    lives.getStore()?.timers.add(timer);
    return timer;
  }) as typeof setTimer;
  const request = http.request as (...args: unknown[]) => http.ClientRequest;
  http.request = ((...args: unknown[]) => {
    // The SDK's own requests were counted as calls of S3.
    if (inside.getStore()) return request(...args);
    return send(args, request);
  }) as typeof http.request;
  syncBuiltinESMExports();
}

const inside = new AsyncLocalStorage<true>();

function send(args: unknown[], request: (...args: unknown[]) => http.ClientRequest) {
  const life = lives.getStore();
  if (life?.fate.is === 'killed' && (life.left < 0 || isItsTime(life))) {
    const isHeard = life.left === -1 && life.fate.isHeard;
    life.ends();
    // A request of a killed process that was not sent has neither an answer nor an error.
    if (!isHeard) return new PassThrough();
  }
  const [url, ...rest] = args;
  const target = url instanceof URL && cutOff.has(url.port) ? refuse(url) : url;
  const step = current.getStore();
  counts.requests++;
  if (step) step.requests++;
  const sent = request(target, ...rest);
  sent.once('close', () => {
    counts.requests--;
    if (step) step.requests--;
  });
  return sent;
}

/** Whether this request is the call at which a process is killed. */
function isItsTime(life: Life): boolean {
  return life.fate.at === 'call' && life.left-- <= 0;
}

/** Where nothing listens. */
function refuse(url: URL): URL {
  const elsewhere = new URL(url);
  elsewhere.port = '9';
  return elsewhere;
}
