import '../harness/place.ts';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../src/data/ids.ts';
import { RateCount } from '../../src/models/account/rate-count.ts';
import { EventFold } from '../../src/models/audit/event-fold.ts';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { compareRanks, findMedian } from '../harness/mann-whitney.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const SAMPLES = Number(process.env.SAMPLES ?? 400);
/** So many of each are asked before, while connections are opened and code is compiled. */
const WARM_UP = 20;

const newName = () => `u${newId(Date.now()).toHexString().slice(-30)}`;

interface Question {
  ask: (email: string) => Promise<unknown>;
  /** So many pairs are asked at once, where most of the time nothing is done. */
  atOnce: number;
}

/** What anybody may ask about an address. */
const questions: Record<string, Question> = {
  'a refused sign-in': {
    ask: (login) => call('POST', '/v1/auth/login', { body: { login, password: 'a guess' } }),
    atOnce: 4,
  },
  'a reset of the password': {
    ask: (email) => call('POST', '/v1/auth/password-reset', { body: { email } }),
    atOnce: 1,
  },
  registering: {
    ask: (email) => {
      const body = { email, username: newName(), password: PASSWORD };
      return call('POST', '/v1/auth/register', { body });
    },
    atOnce: 1,
  },
};

let alice: Person;
beforeAll(async () => {
  alice = await given.user();
});

test.each(Object.keys(questions))(
  `%s takes as long for an address of nobody, by ${SAMPLES} interleaved samples of each`,
  async (what) => {
    const { ask, atOnce } = questions[what] as Question;
    const measured: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const take = async (kind: keyof typeof measured) => {
      const email = kind === 'known' ? alice.email : `${newName()}@example.com`;
      // Limits are not what is measured.
      await Promise.all([RateCount, EventFold].map((it) => it.collection.deleteMany({})));
      const begun = performance.now();
      await ask(email);
      measured[kind].push(performance.now() - begun);
    };
    const takePair = async (n: number) => {
      for (const kind of n % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const))
        await take(kind);
    };
    for (let n = -WARM_UP; n < SAMPLES; n += atOnce) {
      if (n === 0) Object.assign(measured, { known: [], unknown: [] });
      await Promise.all(times(atOnce, (i) => takePair(n + i)));
    }
    const medians = [measured.known, measured.unknown].map(findMedian) as [number, number];
    const probability = compareRanks(measured.known, measured.unknown);
    console.log(
      `${what}: medians ${medians.map((ms) => ms.toFixed(2)).join(' and ')} ms, p = ${probability.toFixed(4)}`,
    );
    expect(Math.abs(medians[0] - medians[1]) < 5 || probability > 0.01).toBe(true);
  },
);
