import { describeCard, TEST_CARDS } from './cards.ts';
import { chargeIntent } from './intents.ts';
import { payInvoice } from './invoices.ts';
import { finishSetup } from './methods.ts';
import { answerBank, expireSession, finishDelayed, paySession } from './sessions.ts';
import { FakeError, need, type State, type StripeObject } from './state.ts';
import { passPeriod, payOpenInvoice } from './subscriptions.ts';

/** The objects that have a page. */
const PAGES = ['checkout.session', 'invoice', 'payment_intent', 'setup_intent'];

export function hasPage(state: State, id: string): boolean {
  return PAGES.includes(state.objects.get(id)?.object ?? '');
}

/**
 * The page at which a session, a PaymentIntent or an invoice is paid, or a card is saved, as Stripe's own, or its
 * library in the app, would be.
 */
export function showPage(state: State, id: string, note = ''): string {
  const object = state.objects.get(id);
  const told = note && `<p class="note" role="status">${escapeHtml(note)}`;
  if (object?.object === 'setup_intent')
    return wrap(`<h1>Save a card</h1>${told}${showSetup(object)}`);
  if (object?.object === 'invoice') return wrap(`${showInvoice(object, told)}`);
  if (object?.object === 'payment_intent') return wrap(showIntent(object, told));
  const session = need(state, id, 'checkout.session');
  const every = session.mode === 'subscription' ? ` each ${session.recurs.recurring.interval}` : '';
  const price = showPrice(session.amount_total, session.currency) + every;
  const heading = `<h1>${escapeHtml(String(session.description))}</h1><p class="price">${price}`;
  return wrap(`${heading}${told}
${session.status === 'open' ? showForm(state, session) : showEnd(session)}`);
}

function showPrice(amount: number, currency: string): string {
  return `${amount} ${String(currency).toUpperCase()} (minor units)`;
}

function showForm(state: State, session: StripeObject): string {
  const intent = state.objects.get(session.payment_intent ?? session.ownIntent ?? '');
  if (intent?.status === 'requires_action') return showBank();
  return `<form method="post">${showCards(session.mode !== 'subscription')}
<button>Pay</button> <button name="expire" value="yes">Let it expire</button></form>`;
}

function showBank(): string {
  return `<p>The bank asks the holder of the card: was this you?
<form method="post"><button name="bank" value="yes">Yes, it was</button>
<button name="bank" value="no">No</button></form>`;
}

/** What the client pays by `clientSecret`, which begins with the id of this page. */
function showIntent(intent: StripeObject, told: string): string {
  const { status, amount, currency } = intent;
  const heading = `<h1>A payment</h1><p class="price">${showPrice(amount, currency)}${told}`;
  if (status === 'succeeded') return `${heading}<p>It is paid. Thank you.`;
  if (status === 'canceled') return `${heading}<p>It was canceled.`;
  if (isAsked(intent)) return `${heading}${showBank()}`;
  if (status === 'processing') return `${heading}<p>${showDelay()}`;
  return `${heading}<p>Stripe's library in the app would show this.
<form method="post">${showCards(true)}<button>Pay</button></form>`;
}

/** Whether the bank of the card wants its holder: now, or since a charge with nobody there. */
function isAsked({ status, last_payment_error: error }: StripeObject): boolean {
  return status === 'requires_action' || error?.code === 'authentication_required';
}

function showDelay(): string {
  return `The debit is on its way, which takes days.
<form method="post"><button name="delayed" value="yes">It was paid</button>
<button name="delayed" value="no">The bank refused it</button></form>`;
}

function showSetup({ status }: StripeObject): string {
  if (status === 'succeeded') return '<p>The card is saved.';
  return `<p>Stripe's library in the app would show this.
<form method="post">${showCards(false)}<button>Save</button></form>`;
}

function showInvoice(invoice: StripeObject, told: string): string {
  const { status, amount_due, currency } = invoice;
  const heading = `<h1>An invoice</h1><p class="price">${showPrice(amount_due, currency)}${told}`;
  if (status === 'paid') return `${heading}<p>It is paid. Thank you.`;
  return `${heading}<form method="post">${showCards(false)}<button>Pay</button></form>`;
}

function showCards(withDebit: boolean): string {
  const cards = Object.entries(TEST_CARDS)
    .filter(([, { does }]) => withDebit || does !== 'DELAYS')
    .map(
      ([number, { about }]) =>
        `<li><label><input type="radio" name="card" value="${number}"> <code>${number}</code> ${about}</label>`,
    );
  return `<fieldset><legend>Test cards</legend><ul>${cards.join('')}</ul></fieldset>`;
}

function showEnd({ mode, status, payment_status, success_url, id }: StripeObject): string {
  const back = String(success_url).replace('{CHECKOUT_SESSION_ID}', id);
  const link = `<p><a href="${escapeHtml(back)}">Back to the app</a>`;
  if (status === 'expired') return `<p>This session has expired.${link}`;
  const renew =
    '<form method="post"><button name="renew" value="yes">Let its period pass</button></form>';
  if (payment_status === 'paid') {
    return `<p>It is paid. Thank you.${mode === 'subscription' ? renew : ''}${link}`;
  }
  return `<p>${showDelay()}${link}`;
}

/** What the payer has pressed. Returns what the page is to say. */
export function press(state: State, id: string, form: URLSearchParams): string {
  try {
    const object = state.objects.get(id);
    const number = form.get('card') ?? '';
    if (form.has('expire')) expireSession(state, id);
    else if (form.has('renew')) passPeriod(state, object?.subscription);
    else if (form.has('bank')) answerBank(state, id, form.get('bank') === 'yes');
    else if (form.has('delayed')) finishDelayed(state, id, form.get('delayed') === 'yes');
    else if (object?.object === 'setup_intent') finishSetup(state, id, number);
    else if (object?.object === 'invoice') return payOnPage(state, object, number);
    else if (object?.object === 'payment_intent') return payIntent(state, object, number);
    else return String(paySession(state, id, describeCard(number).does)?.message ?? '');
    return '';
  } catch (error) {
    if (error instanceof FakeError) return error.message;
    throw error;
  }
}

function payIntent(state: State, intent: StripeObject, number: string): string {
  return String(chargeIntent(state, intent, describeCard(number).does)?.message ?? '');
}

/** The holder is there: a card whose bank asks is answered at once. */
function payOnPage(state: State, invoice: StripeObject, number: string): string {
  const { does } = describeCard(number);
  const how = does === 'ASKS' ? 'PAYS' : does;
  const { subscription } = invoice.parent.subscription_details;
  const isLatest = state.objects.get(subscription)?.latest_invoice === invoice.id;
  const isPaid = isLatest
    ? payOpenInvoice(state, subscription, how)
    : payInvoice(state, invoice.id, how);
  return isPaid ? '' : 'Your card was declined.';
}

function wrap(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Checkout (test)</title>
<meta name="viewport" content="width=device-width"><style>
body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:34rem;padding:0 1rem}
ul{list-style:none;padding:0}button{font:inherit;padding:.4rem 1rem}.price{font-size:1.5rem}
.note{background:#fde8e8;padding:.5rem 1rem}</style></head>
<body><p><strong>Stand-in for Stripe: no money moves, and only test cards are taken.</strong>
${body}</body></html>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
