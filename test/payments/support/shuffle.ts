import { expect } from 'vitest';
import type { FakeStripe } from '../../fakes/stripe/fake.ts';
import { chance } from '../../harness/chance.ts';
import { SCENARIOS } from './scenarios.ts';
import { type End, type Order, World } from './world.ts';

/** Plays a scenario with its events in an order that follows from the seed, and compares its end. */
export async function playShuffled(stripe: FakeStripe, name: string, seed: number): Promise<End> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`There is no scenario ${name}.`);
  const order: Order = { isShuffled: true, random: chance(seed).next };
  const world = await World.make(stripe, order);
  await scenario.play(world);
  const end = await world.finish();
  expect(end, `${name}, seed ${seed}`).toEqual(scenario.ends);
  return end;
}
