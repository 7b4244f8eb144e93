import type { Behaviour } from './cards.ts';
import { chargeIntent, makeIntent } from './intents.ts';
import { add, emit, makeId, need, readClock, type State, type StripeObject } from './state.ts';

/** What is charged, or credited where negative. */
export interface NewLine {
  amount: number;
  price: StripeObject;
  proration: boolean;
  start: number;
  end: number;
}

/** Makes an invoice of a subscription, which is open, or paid already where nothing is due. */
export function makeInvoice(
  state: State,
  subscription: StripeObject,
  billing_reason: string,
  lines: NewLine[],
): StripeObject {
  const { id, customer, metadata } = subscription;
  const currency = lines[0]?.price.currency;
  const due = Math.max(
    0,
    lines.reduce((sum, { amount }) => sum + amount, 0),
  );
  const invoice = add(state, 'in', 'invoice', {
    ...{ customer, currency, billing_reason, amount_due: due, amount_paid: 0, total: due },
    ...{
      status: 'open',
      attempt_count: 0,
      attempted: false,
      collection_method: 'charge_automatically',
    },
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: id, metadata: { ...metadata } },
    },
    lines: { object: 'list', has_more: false, data: lines.map((line) => makeLine(line, currency)) },
    payments: { object: 'list', has_more: false, data: [] },
  });
  invoice.hosted_invoice_url = `${state.page}/pay/${invoice.id}`;
  subscription.latest_invoice = invoice.id;
  if (due === 0) markPaid(state, invoice);
  return invoice;
}

/** Charges what an invoice asks for. Returns whether it is paid. */
export function payInvoice(state: State, id: string, does: Behaviour): boolean {
  const invoice = need(state, id, 'invoice');
  if (invoice.status === 'paid') return true;
  const { amount_due: amount, currency, customer } = invoice;
  const intent = findIntent(state, invoice) ?? makeIntent(state, { amount, currency, customer });
  addPayment(invoice, intent);
  Object.assign(invoice, { attempted: true, attempt_count: invoice.attempt_count + 1 });
  // With nobody there, a card whose bank asks is as one that is refused: the holder pays on the page.
  const error =
    does === 'ASKS' ? chargeIntent(state, intent, 'DECLINES') : chargeIntent(state, intent, does);
  if (error) {
    emit(state, 'invoice.payment_failed', invoice);
    return false;
  }
  markPaid(state, invoice);
  return true;
}

/** An invoice is paid by a PaymentIntent that has succeeded before. */
export function payWith(state: State, invoice: StripeObject, intent: StripeObject): void {
  addPayment(invoice, intent);
  markPaid(state, invoice);
}

/** The PaymentIntent by which an invoice is, or was, paid. */
function findIntent(state: State, { payments }: StripeObject): StripeObject | undefined {
  return state.objects.get(payments.data[0]?.payment.payment_intent);
}

function addPayment(invoice: StripeObject, intent: StripeObject): void {
  if (invoice.payments.data.length > 0) return;
  invoice.payments.data.push({
    ...{ id: makeId('inpay'), object: 'invoice_payment', is_default: true, status: 'open' },
    payment: { type: 'payment_intent', payment_intent: intent.id },
  });
}

function markPaid(state: State, invoice: StripeObject): void {
  Object.assign(invoice, { status: 'paid', amount_paid: invoice.amount_due });
  for (const one of invoice.payments.data) one.status = 'paid';
  invoice.status_transitions = { paid_at: readClock(state) };
  emit(state, 'invoice.paid', invoice);
}

function makeLine({ amount, price, proration, start, end }: NewLine, currency: string) {
  return {
    ...{ id: makeId('il'), object: 'line_item', amount, currency, period: { start, end } },
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: { proration, subscription_item: 'si_of_it' },
    },
    pricing: {
      ...{ type: 'price_details', unit_amount_decimal: String(price.unit_amount) },
      price_details: { price: price.id, product: price.product },
    },
  };
}
