import { describeCard, TEST_CARDS } from './cards.ts';
import { answerBank, expireSession, finishDelayed, paySession } from './sessions.ts';
import { FakeError, need, type State, type StripeObject } from './state.ts';

/** The page at which a session is paid, as Stripe's own would be. */
export function showPage(state: State, id: string, note = ''): string {
  const session = need(state, id, 'checkout.session');
  const price = `${session.amount_total} ${String(session.currency).toUpperCase()} (minor units)`;
  const heading = `<h1>${escapeHtml(String(session.description))}</h1><p class="price">${price}`;
  return wrap(`${heading}${note && `<p class="note" role="status">${escapeHtml(note)}`}
${session.status === 'open' ? showForm(state, session) : showEnd(session)}`);
}

function showForm(state: State, session: StripeObject): string {
  const intent = state.objects.get(session.payment_intent ?? '');
  if (intent?.status === 'requires_action') {
    return `<p>The bank asks the holder of the card: was this you?
<form method="post"><button name="bank" value="yes">Yes, it was</button>
<button name="bank" value="no">No</button></form>`;
  }
  const cards = Object.entries(TEST_CARDS).map(
    ([number, { about }]) =>
      `<li><label><input type="radio" name="card" value="${number}"> <code>${number}</code> ${about}</label>`,
  );
  return `<form method="post"><fieldset><legend>Test cards</legend><ul>${cards.join('')}</ul></fieldset>
<button>Pay</button> <button name="expire" value="yes">Let it expire</button></form>`;
}

function showEnd({ status, payment_status, success_url, id }: StripeObject): string {
  const back = String(success_url).replace('{CHECKOUT_SESSION_ID}', id);
  const link = `<p><a href="${escapeHtml(back)}">Back to the app</a>`;
  if (status === 'expired') return `<p>This session has expired.${link}`;
  if (payment_status === 'paid') return `<p>It is paid. Thank you.${link}`;
  return `<p>The debit is on its way, which takes days.
<form method="post"><button name="delayed" value="yes">It was paid</button>
<button name="delayed" value="no">The bank refused it</button></form>${link}`;
}

/** What the payer has pressed. Returns what the page is to say. */
export function press(state: State, id: string, form: URLSearchParams): string {
  try {
    if (form.has('expire')) expireSession(state, id);
    else if (form.has('bank')) answerBank(state, id, form.get('bank') === 'yes');
    else if (form.has('delayed')) finishDelayed(state, id, form.get('delayed') === 'yes');
    else {
      const { does } = describeCard(form.get('card') ?? '');
      return String(paySession(state, id, does)?.message ?? '');
    }
    return '';
  } catch (error) {
    if (error instanceof FakeError) return error.message;
    throw error;
  }
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
