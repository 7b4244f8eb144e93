import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient, UUID } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../../src/data/connection-string.ts';
import { type Mongod, startMongod } from '../../src/local/mongod.ts';
import { findFreePort } from '../../src/local/process/ports.ts';
import { find } from '../../src/local/tools/find.ts';
import { mongod as tool } from '../../src/local/tools/mongod.ts';
import { createSetup, finishSetup } from '../fakes/stripe/methods.ts';
import { closeDispute, openDispute } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { add, listObjects } from '../fakes/stripe/state.ts';
import { place } from '../harness/place.ts';
import type { Asked, Told } from './payments/process.ts';

// Each call of the database in each step of a purchase, a refund, a dispute and a top-up is the last one of its
// process once, and every few of them the last one of mongod. Whoever was waiting asks again.

/** Every how many calls of a step something is killed there; 0 for never. */
const WORKER_STRIDE = Number(process.env.WORKER_STRIDE ?? 1);
const MONGOD_STRIDE = Number(process.env.MONGOD_STRIDE ?? 6);
const MINUTE = 60_000;

place({ worker: false });

let dir: string;
let mongod: Mongod;
let env: NodeJS.ProcessEnv;
/** A process that is not killed, and one that is to be, which starts meanwhile. */
let sound: ChildProcess;
let doomed: Promise<ChildProcess>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-payment-kills-'));
  const log = () => undefined;
  mongod = await startMongod({
    dir,
    port: await findFreePort(),
    binary: await find(tool, log),
    log,
  });
  const uri = withDatabase(mongod.uri, 'payments');
  env = { ...process.env, MONGODB_URI: uri, LOG_LEVEL: 'SILENT' };
  await promisify(execFile)('node', ['scripts/migrate.ts', 'upgrade', 'head'], { env });
  await shortenTransactions();
  sound = await begin();
  doomed = begin();
}, 5 * MINUTE);

afterAll(async () => {
  sound?.kill('SIGKILL');
  (await doomed)?.kill('SIGKILL');
  await mongod?.stop();
  await stripe.stop();
  await rm(dir, { recursive: true, force: true });
});

/** What a killed process has open in a transaction is in the way of others until that is too old: a minute. */
async function shortenTransactions(): Promise<void> {
  const client = await MongoClient.connect(mongod.uri);
  await client.db('admin').command({ setParameter: 1, transactionLifetimeLimitSeconds: 2 });
  await client.close();
}

async function begin(): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./payments/process.ts', import.meta.url));
  const child = fork(file, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  if (!(await hear(child))) throw new Error('A process ended before it was ready.');
  return child;
}

/** Asks a process for a step. Undefined where it was killed in it. */
function ask(child: ChildProcess, asked: Asked): Promise<Told | undefined> {
  const told = hear(child);
  child.send(asked);
  return told;
}

/** What a process says next; undefined where it ends before. */
async function hear(child: ChildProcess): Promise<Told | undefined> {
  const over = new AbortController();
  const told = once(child, 'message', over).then(([message]) => message as Told);
  const gone = once(child, 'exit', over).then(() => undefined);
  try {
    return await Promise.race([told, gone]);
  } finally {
    over.abort();
    told.catch(() => undefined);
    gone.catch(() => undefined);
  }
}

/** Which step is hit, counted from the first one; and at which of its calls. */
interface Hit {
  step: number;
  left: number;
  victim: 'worker' | 'mongod';
}

/** One purchase and what becomes of it, with one hit on the way. */
class Life {
  readonly user = new UUID().toString();
  readonly payment = new UUID().toString();
  readonly hit: Hit;
  /** The steps that there were. */
  names: string[] = [];
  /** Whether the hit step has ended before its call came. */
  isOver = true;
  private seen = stripe.state.events.length;
  private minutes = 0;

  constructor(hit: Hit) {
    this.hit = hit;
  }

  get known() {
    return { user: this.user, payment: this.payment };
  }

  /** Does a step; where that is hit, once more, as whoever waits for it does. */
  async step(step: string, given: Partial<Asked> = {}): Promise<void> {
    const { left, victim } = this.hit;
    const n = this.names.push(step) - 1;
    const asked = { ...this.known, ...given, step };
    if (n === this.hit.step) {
      const child = await doomed;
      doomed = begin();
      const pid = victim === 'mongod' ? { pid: mongod.pid as number } : {};
      const told = await ask(child, { ...asked, kill: { left, isHeard: left % 2 === 0, ...pid } });
      child.kill('SIGKILL');
      this.isOver = told !== undefined && !told.isKilled;
      if (this.isOver && !told?.error) return;
      this.minutes += 5;
      await this.do({ ...asked, step: 'poll' });
    }
    await this.do(asked);
  }

  /** All that Stripe has told since is received, and handled. */
  async hear(): Promise<void> {
    const fresh = stripe.state.events.slice(this.seen);
    this.seen = stripe.state.events.length;
    for (const event of fresh) await this.step('receive', { event });
    await this.step('work');
  }

  async check(): Promise<unknown> {
    return (await this.do({ ...this.known, step: 'check' })).result;
  }

  async do(asked: Asked): Promise<Told> {
    // mongod may be on its way back.
    for (let tries = 0; ; tries++) {
      const told = await ask(sound, { ...asked, minutes: this.minutes });
      if (!told) throw new Error(`The sound process ended in ${asked.step}.`);
      if (!told.error) return told;
      if (tries === 5) throw new Error(`${asked.step}: ${told.error}`);
      this.minutes += 5;
    }
  }
}

const session = () => listObjects(stripe.state, 'checkout.session')[0];

async function buy(life: Life): Promise<void> {
  await life.step('buy');
  paySession(stripe.state, session()?.id as string, 'PAYS');
  await life.hear();
}

const LIVES: Record<string, { play: (life: Life) => Promise<void>; first: number; ends: object }> =
  {
    'a purchase': { play: buy, first: 0, ends: { status: 'COMPLETED', balance: 100 } },
    'a refund': {
      play: async (life) => {
        await buy(life);
        await life.step('refund');
        await life.hear();
      },
      first: 5,
      ends: { status: 'REFUNDED', balance: 0 },
    },
    'a dispute that is lost': {
      play: async (life) => {
        await buy(life);
        const { id } = openDispute(stripe.state, session()?.payment_intent);
        await life.hear();
        closeDispute(stripe.state, id, 'lost');
        await life.hear();
      },
      first: 5,
      ends: { status: 'REFUNDED', balance: 0 },
    },
    'an automatic top-up': {
      play: async (life) => {
        const customer = add(stripe.state, 'cus', 'customer', {}).id;
        const setup = createSetup(stripe.state, { customer });
        const { id: method } = finishSetup(stripe.state, setup.id, '4242424242424242');
        await life.do({ ...life.known, step: 'save', saved: { customer, method } });
        await life.step('topUp');
        await life.step('topUp');
        await life.hear();
      },
      first: 0,
      ends: { status: 'COMPLETED', balance: 100 },
    },
  };

const COMMON = {
  ...{ debt: 0, isFrozen: false, payments: 1, purchases: 1, waiting: 0, differences: [] },
};

describe.each(Object.entries(LIVES))('%s', (name, { play, first, ends }) => {
  test.each(['worker', 'mongod'] as const)(
    `ends as it should, whichever call is the last one of a %s`,
    {
      timeout: 3_600_000,
    },
    async (victim) => {
      const stride = victim === 'worker' ? WORKER_STRIDE : MONGOD_STRIDE;
      if (stride === 0) return;
      const hits: Record<string, number> = {};
      for (let step = first; ; step++) {
        let life: Life | undefined;
        for (let left = 0; ; left += stride) {
          life = new Life({ step, left, victim });
          await play(life);
          const where = `${name}, step ${step} (${life.names[step]}), call ${left}, ${victim}`;
          expect(await life.check(), where).toEqual({ ...COMMON, ...ends });
          if (life.isOver) break;
          const hit = life.names[step] as string;
          hits[hit] = (hits[hit] ?? 0) + 1;
        }
        if (step >= life.names.length - 1) break;
      }
      console.log(`${name}: ${victim} killed at ${JSON.stringify(hits)}`);
    },
  );
});
