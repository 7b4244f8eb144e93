import type { Route } from '../../api/http/route.ts';
import { updateRoute } from '../../api/resource/document-routes.ts';
import { readIfMatch } from '../../api/resource/etag.ts';
import { applyRule, change, erase, filterById } from '../../api/resource/verbs.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { owner } from '../../rules.ts';
import { detachMethod, setUpMethod } from '../../services/payments/methods.ts';

const path = '/v1/payment-methods';
const common = { tag: 'PaymentMethods', access: 'user' } as const;

/** Saving and removing a payment method, which the payment provider does, and choosing the default. */
export const paymentMethodActions: Route[] = [
  {
    ...common,
    method: 'POST',
    path: `${path}/setup`,
    id: 'setUpPaymentMethod',
    summary: 'Start to save a payment method.',
    success: {
      200: {
        description:
          "For the provider's library in the client, which takes the number. The method appears once it is saved.",
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['clientSecret'],
          properties: { clientSecret: { type: 'string' } },
        },
      },
    },
    handle: async (ctx) => {
      const { user } = applyRule(owner, ctx.actor) as { user: UUID };
      return { status: 200, json: await setUpMethod(ctx, user) };
    },
  },
  Object.assign(updateRoute(PaymentMethod, { path, rule: owner }), {
    summary: 'Make a payment method the default (JSON Merge Patch).',
    handle: (ctx, request) =>
      transaction(ctx, async (tx) => {
        const filter = filterById(owner, tx, request);
        if (request.body.isDefault === true) {
          // There is at most one: the former one first.
          const other = {
            ...applyRule(owner, tx.actor),
            isDefault: true,
            _id: { $ne: filter._id },
          };
          await update(tx, PaymentMethod, other, { set: { isDefault: false } });
        }
        return change(tx, PaymentMethod, filter, request);
      }),
  } satisfies Partial<Route>),
  {
    ...common,
    method: 'DELETE',
    path: `${path}/{id}`,
    id: 'deletePaymentMethod',
    summary: 'Remove a payment method.',
    success: { 204: { description: 'Removed.' } },
    conditional: true,
    codes: ['NOT_FOUND', 'PRECONDITION_FAILED', 'IN_USE'],
    handle: async (ctx, request) => {
      const filter = filterById(owner, ctx, request);
      const versions = readIfMatch(request.ifMatch);
      const guarded = versions ? { ...filter, version: { $in: versions } } : filter;
      const method = await findOne(ctx, PaymentMethod, guarded, WHOLE);
      if (!method) return erase(ctx, PaymentMethod, filter, request); // which says why not
      await detachMethod(ctx, method);
      return { status: 204 };
    },
  },
];
