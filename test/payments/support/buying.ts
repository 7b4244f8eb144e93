import type { FakeStripe } from '../../fakes/stripe/fake.ts';
import { paySession } from '../../fakes/stripe/sessions.ts';
import type { Doc } from '../../harness/given.ts';
import { IN_ORDER, World } from './world.ts';

export async function buyAndPay(world: World): Promise<void> {
  await world.buy();
  paySession(world.state, world.session, 'PAYS');
  await world.tick();
}

/** The payment is known to be paid, as an administrator who refunds it must see. */
export async function buySettled(world: World): Promise<void> {
  await buyAndPay(world);
  await world.flush();
}

/** A user who has paid for the first period of a plan, and all of that has been told. */
export async function makeSubscriber(stripe: FakeStripe, plan = 'PRO'): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe(plan);
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  return world;
}

/** What a user has paid, the newest first, in minor units. */
export async function readAmounts({ person }: World): Promise<unknown[]> {
  const { body } = await person.get<{ data: Doc[] }>('/v1/payments');
  return body.data.map(({ amount }) => amount);
}
