// Amounts are integers in minor units as ISO 4217 counts them: cents of EUR, yen of JPY, fils of KWD. MGA, whose
// fifths are no decimals, is counted in whole ariary, as by Stripe and by CLDR, whose digits pages print.
// Stripe counts the same, but for these two, which it counts in hundredths though they have none.
// https://docs.stripe.com/currencies#special-cases
const IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
// Of these, Stripe takes no amount whose last digit is not 0.
const IN_THOUSANDTHS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** An amount as Stripe counts it. */
export function toStripeAmount(amount: number, currency: string): number {
  return IN_HUNDREDTHS.has(currency) ? amount * 100 : amount;
}

/** An amount of Stripe's in minor units. */
export function fromStripeAmount(amount: number, currency: string): number {
  return IN_HUNDREDTHS.has(currency.toUpperCase()) ? Math.round(amount / 100) : amount;
}

/** Whether Stripe can be asked for this amount. */
export function isPayable(amount: number, currency: string): boolean {
  return !IN_THOUSANDTHS.has(currency) || amount % 10 === 0;
}
