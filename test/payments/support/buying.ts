import { paySession } from '../../fakes/stripe/sessions.ts';
import type { World } from './world.ts';

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
