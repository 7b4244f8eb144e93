import type Stripe from 'stripe';
import type { BookedCharge } from './compare.ts';
import { fromStripeAmount } from './currency.ts';
import { type DisputeFact, readDisputes } from './facts.ts';
import { listPages, PAGE } from './list-pages.ts';
import { type Period, toCreated } from './period.ts';
import { readId } from './read-id.ts';
import { callOrMiss, callStripe } from './stripe.ts';

const DAY = 24 * 3600_000;
/** A charge succeeds so long after it was made, by a debit of a bank account, in ms. */
const DEBITS = 30 * DAY;
/** A refund may fail for so long after it was made, in ms. */
const REFUNDS = 30 * DAY;
/** A dispute is decided by then, in ms. */
export const DISPUTES = 120 * DAY;

type Disputes = Map<string, { charge: Stripe.Charge; facts: DisputeFact[] }>;

/** What is compared beside the charges of a period, however old it is. */
interface Named {
  charges: Set<string>;
  intents: Set<string>;
}

/**
 * Pages of charges that succeeded, each once: those that an earlier report has named, or of which a dispute is open
 * here; those of the period and of the days before, some of which succeed late; and older ones of which money went
 * back since, or may have.
 */
export async function* listCharges(period: Period, named: Named): AsyncGenerator<BookedCharge[]> {
  const seen = new Set<string>();
  const read = (charges: Stripe.Charge[], disputes: Disputes) => {
    const fresh = charges.filter(({ id, status }) => status === 'succeeded' && !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    return fresh.map((charge) => readCharge(charge, disputes.get(charge.id)?.facts ?? []));
  };
  for (const payment_intent of named.intents) {
    yield read(await listOf(payment_intent), await listDisputes({ payment_intent }));
  }
  for (const charge of named.charges) {
    if (!seen.has(charge)) yield read(await findCharge(charge), await listDisputes({ charge }));
  }
  const disputes = await listDisputes({ created: toCreated(reachBack(period, DISPUTES)) });
  const created = toCreated({ from: new Date(period.from.getTime() - DEBITS), to: period.to });
  const ofPeriod = listPages((asked) => callStripe((s) => s.charges.list({ created, ...asked })));
  for await (const page of ofPeriod) yield read(page, disputes);
  for await (const page of listRefunded(reachBack(period, REFUNDS))) yield read(page, disputes);
  const disputed = [...disputes.values()].map(({ charge }) => charge);
  for (let at = 0; at < disputed.length; at += PAGE) {
    yield read(disputed.slice(at, at + PAGE), disputes);
  }
}

function reachBack({ to }: Period, ms: number): Period {
  return { from: new Date(to.getTime() - ms), to };
}

async function* listRefunded(period: Period): AsyncGenerator<Stripe.Charge[]> {
  const of = { created: toCreated(period), expand: ['data.charge'] };
  const pages = listPages((asked) => callStripe((s) => s.refunds.list({ ...of, ...asked })));
  for await (const page of pages) yield page.flatMap(({ charge }) => readWhole(charge));
}

/** Those of a time, or of a charge or PaymentIntent: none where Stripe does not know that. */
async function listDisputes(
  of: Pick<Stripe.DisputeListParams, 'created' | 'charge' | 'payment_intent'>,
): Promise<Disputes> {
  const found: Disputes = new Map();
  const expand = ['data.charge'];
  const pages = listPages(
    async (asked) =>
      (await callOrMiss((s) => s.disputes.list({ ...of, expand, ...asked }))) ?? NONE,
  );
  for await (const page of pages) {
    for (const dispute of page) {
      for (const charge of readWhole(dispute.charge)) {
        const before = found.get(charge.id)?.facts ?? [];
        found.set(charge.id, { charge, facts: [...before, ...readDisputes([dispute])] });
      }
    }
  }
  return found;
}

const NONE = { data: [], has_more: false };

/** Stripe answers it whole, since that was asked for. */
function readWhole(charge: string | Stripe.Charge | null): Stripe.Charge[] {
  return charge && typeof charge !== 'string' ? [charge] : [];
}

/** The charges of a PaymentIntent; none where Stripe does not know that. */
async function listOf(payment_intent: string): Promise<Stripe.Charge[]> {
  const of = { payment_intent, limit: PAGE };
  return (await callOrMiss((stripe) => stripe.charges.list(of)))?.data ?? [];
}

async function findCharge(id: string): Promise<Stripe.Charge[]> {
  const found = await callOrMiss((stripe) => stripe.charges.retrieve(id));
  return found ? [found] : [];
}

function readCharge(charge: Stripe.Charge, disputes: DisputeFact[]): BookedCharge {
  const { id, payment_intent, metadata, amount, amount_refunded, currency } = charge;
  return {
    ...{ id, intentId: readId(payment_intent) ?? '', currency: currency.toUpperCase(), disputes },
    ...(metadata.payment && { mark: metadata.payment }),
    amount: fromStripeAmount(amount, currency),
    amountRefunded: fromStripeAmount(amount_refunded, currency),
  };
}
