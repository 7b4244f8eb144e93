import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { config, readConfig } from '../../src/config.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import type { Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

type Allowances = { plan: string; data: { metric: string; limit: number }[] };

const read = async (person: Person) => (await person.get<Allowances>('/v1/allowances')).body;

test('without any setting each plan that is sold allows more than the one before it', async () => {
  let smaller = 'FREE';
  for (const { name } of config.subscriptionPlans) {
    const world = await World.make(stripe, IN_ORDER);
    const before = await read(world.person);
    expect(before.plan).toBe('FREE');
    await world.subscribe(name);
    paySession(stripe.state, world.session, 'PAYS');
    await world.finish();
    const { plan, data } = await read(world.person);
    expect(plan).toBe(name);
    // An address may make so many calls, whatever its plan.
    for (const { metric, limit } of data.filter((one) => one.metric !== 'CALLS')) {
      const free = before.data.find((one) => one.metric === metric)?.limit as number;
      expect(limit, metric).toBeGreaterThan(free);
    }
    for (const [what, limit] of Object.entries(config.plans[smaller] ?? {})) {
      if (what === 'calls') continue;
      const own = config.plans[name] as unknown as Record<string, number>;
      expect(own[what], `${name} ${what}`).toBeGreaterThan(limit);
    }
    smaller = name;
  }
});

const TEAM = { name: 'TEAM', credits: 1, amounts: { EUR: 100 } };
const FREE = JSON.stringify({ FREE: {} });

test('a plan that is sold, and of which nothing says what it allows, is refused at the start', () => {
  const read = (own: Record<string, string>) => () => readConfig({ ...process.env, ...own });
  const team = JSON.stringify([TEAM]);
  expect(read({ SUBSCRIPTION_PLANS: team })).toThrow(/SUBSCRIPTION_PLANS.*TEAM.*PLANS/);
  expect(read({ PLANS: FREE })).toThrow(/PRO, STUDIO/);
  expect(read({ PLANS: FREE, SUBSCRIPTION_PLANS: '[]' })).not.toThrow();
  const plans = JSON.stringify({ FREE: {}, TEAM: {} });
  expect(read({ PLANS: plans, SUBSCRIPTION_PLANS: team })).not.toThrow();
  expect(read({ PLANS: '' })).not.toThrow();
});
