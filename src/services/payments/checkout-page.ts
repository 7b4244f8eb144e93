import { config } from '../../config.ts';

/**
 * What every page of Stripe has at which somebody pays: whose it is, what it is for, and where he goes on.
 * @param place the folder of the app, as `payments`, and the id of what is paid for
 */
export function describePage(customer: string, place: { folder: string; id: string }) {
  const back = `${config.appUrl}/${place.folder}/${place.id}`;
  return {
    customer,
    client_reference_id: place.id,
    tax_id_collection: { enabled: true },
    customer_update: { name: 'auto', address: 'auto' },
    success_url: `${back}?session={CHECKOUT_SESSION_ID}`,
    cancel_url: back,
  } as const;
}
