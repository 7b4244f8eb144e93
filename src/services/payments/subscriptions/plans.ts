import type Stripe from 'stripe';
import { config } from '../../../config.ts';
import { invalid } from '../../../errors.ts';
import type { SubscriptionPlan } from '../../../sold.ts';
import { toStripeAmount } from '../currency.ts';
import { readId } from '../read-id.ts';
import { callStripe, StripeRefusal } from '../stripe.ts';

/** What is charged for each period of a plan. */
export interface PlanPrice {
  plan: string;
  amount: number;
  currency: string;
  interval: 'month' | 'year';
  /** What each period that is paid brings. */
  credits: number;
}

/** Finds what a plan costs that is on offer, in a currency. @throws AppError VALIDATION_FAILED */
export function findOffer(name: string, currency?: string): PlanPrice {
  const plan = findPlan(name);
  if (!plan) {
    const names = config.subscriptionPlans.map((one) => one.name).join(', ');
    throw invalid([{ path: 'plan', message: `is none of ${names}` }]);
  }
  const asked = currency ?? (Object.keys(plan.amounts)[0] as string);
  const amount = plan.amounts[asked];
  const interval = plan.interval === 'YEAR' ? 'year' : 'month';
  if (amount !== undefined)
    return { plan: name, amount, currency: asked, interval, credits: plan.credits };
  const message = `is not sold here; there are ${Object.keys(plan.amounts).join(', ')}`;
  throw invalid([{ path: 'currency', message }]);
}

function findPlan(name: string): SubscriptionPlan | undefined {
  return config.subscriptionPlans.find((one) => one.name === name);
}

// Prices are made with each subscription, from the configuration; what they are of is a product of Stripe's
// whose id names the plan and the credits of a period: so what was paid for brings what it was sold with, whatever is
// configured later.
const PRODUCT = /^plan-(.+)-(\d+)credits$/;

/** A price as Stripe is told it. */
export async function describePrice(price: PlanPrice) {
  const { amount, currency, interval } = price;
  return {
    currency: currency.toLowerCase(),
    product: await ensureProduct(price),
    unit_amount: toStripeAmount(amount, currency),
    recurring: { interval },
  };
}

/** The product at Stripe that stands for a plan, which is made there at its first use. */
async function ensureProduct({ plan: name, credits }: PlanPrice): Promise<string> {
  const id = `plan-${name}-${credits}credits`;
  try {
    await callStripe((stripe) => stripe.products.create({ id, name }));
  } catch (error) {
    if (!(error instanceof StripeRefusal) || error.code !== 'resource_already_exists') throw error;
  }
  return id;
}

/** The plan that a product at Stripe stands for, with its credits: undefined of another product, such as an extra. */
export function readProduct(product: string): { plan: string; credits: number } | undefined {
  const [, plan, credits] = PRODUCT.exec(product) ?? [];
  return plan ? { plan, credits: Number(credits) } : undefined;
}

/** The item that is a plan, of all that a subscription charges: an extra may stand before it. */
export function findPlanItem(
  items: Stripe.SubscriptionItem[],
): Stripe.SubscriptionItem | undefined {
  return items.find(({ price }) => readProduct(readId(price.product) ?? ''));
}
