/** The types that change something here; Stripe's list is asked for these, too. */
export const EVENT_TYPES = [
  ...(['checkout.session.completed', 'checkout.session.expired'] as const),
  ...([
    'checkout.session.async_payment_succeeded',
    'checkout.session.async_payment_failed',
  ] as const),
  ...(['payment_intent.succeeded', 'payment_intent.payment_failed'] as const),
  ...(['payment_intent.requires_action', 'payment_intent.canceled'] as const),
  ...(['charge.refunded', 'refund.created', 'refund.updated', 'refund.failed'] as const),
  ...(['charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.closed'] as const),
  ...(['charge.dispute.funds_withdrawn', 'charge.dispute.funds_reinstated'] as const),
  ...(['setup_intent.succeeded', 'payment_method.attached', 'payment_method.detached'] as const),
  ...(['payment_method.updated', 'payment_method.automatically_updated'] as const),
  ...(['customer.subscription.created', 'customer.subscription.updated'] as const),
  ...(['customer.deleted'] as const),
  ...(['customer.subscription.deleted', 'invoice.paid', 'invoice.payment_failed'] as const),
];

/** So many types of events Stripe's list can be asked for at once. */
export const MOST_TYPES = 20;

/** Whether an event of this type changes something here. */
export function isHandled(type: string): boolean {
  return (EVENT_TYPES as readonly string[]).includes(type);
}
