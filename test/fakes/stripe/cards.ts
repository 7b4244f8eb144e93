import { FakeError, type StripeObject } from './state.ts';

/** What a card does when it is charged. */
export type Behaviour = 'PAYS' | 'DECLINES' | 'LACKS_FUNDS' | 'ASKS' | 'DELAYS';

/** Stripe's own test numbers. https://docs.stripe.com/testing */
export const TEST_CARDS: Record<string, { does: Behaviour; brand: string; about: string }> = {
  4242424242424242: { does: 'PAYS', brand: 'visa', about: 'pays' },
  4000000000000002: { does: 'DECLINES', brand: 'visa', about: 'is declined' },
  4000000000009995: { does: 'LACKS_FUNDS', brand: 'visa', about: 'has insufficient funds' },
  4000002500003155: { does: 'ASKS', brand: 'visa', about: 'asks its holder (3-D Secure)' },
  // No card: a debit of a bank account, which takes days.
  4000000000005126: { does: 'DELAYS', brand: 'visa', about: 'is paid days later' },
};

export function describeCard(number: string): StripeObject {
  const found = TEST_CARDS[number.replaceAll(' ', '')];
  if (!found) {
    const message = 'Your card number is incorrect.';
    throw new FakeError(402, { type: 'card_error', code: 'incorrect_number', message });
  }
  const last4 = number.slice(-4);
  const card = { brand: found.brand, last4, exp_month: 12, exp_year: 2034, funding: 'credit' };
  return { id: '', object: 'payment_method', type: 'card', card, does: found.does };
}

/** What Stripe says of a card that was refused. */
export function describeDecline(does: Behaviour): Record<string, unknown> | undefined {
  const type = 'card_error';
  if (does === 'DECLINES') {
    const message = 'Your card was declined.';
    return { type, code: 'card_declined', decline_code: 'generic_decline', message };
  }
  if (does === 'LACKS_FUNDS') {
    const message = 'Your card has insufficient funds.';
    return { type, code: 'card_declined', decline_code: 'insufficient_funds', message };
  }
  return undefined;
}
