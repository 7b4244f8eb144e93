import Joi from 'joi';
import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentSchema, documentWith } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { limitText } from '../../api/resource/input.ts';
import { applyRule, findNamed } from '../../api/resource/verbs.ts';
import type { UUID } from '../../data/ids.ts';
import { Subscription } from '../../models/billing/subscription.ts';
import { owner } from '../../rules.ts';
import { changePlan, setCancellation } from '../../services/payments/subscriptions/change.ts';
import {
  findSubscriptionCheckout,
  startSubscription,
} from '../../services/payments/subscriptions/start.ts';
import { checkoutSchema } from './checkout-schema.ts';

const path = '/v1/subscriptions';
const common = { method: 'POST', tag: 'Subscriptions', access: 'user' } as const;
const named = { entity: Subscription, rule: owner };
const success = {
  200: { description: 'The subscription.', schema: documentSchema(Subscription) },
};
const codes = ['NOT_FOUND', 'INVALID_STATE'] as const;

const body = Joi.object({
  plan: limitText(32).required().description('One of `GET /v1/subscription-plans`.'),
  currency: Joi.string()
    .uppercase()
    .pattern(/^[A-Z]{3}$/)
    .description('One that the plan is sold in; its first unless given.'),
});

const startRoute = Object.assign(createRoute(Subscription, { path, rule: owner }), {
  summary: 'Subscribe to a plan.',
  example: { plan: 'PRO' },
  success: {
    201: {
      description: 'The subscription, and where to pay for its first period.',
      schema: documentWith('CreatedSubscription', Subscription, { checkout: checkoutSchema }),
    },
  },
  codes: ['INVALID_STATE' as const],
  handle: async (ctx, { body }) => {
    const { user } = applyRule(owner, ctx.actor) as { user: UUID };
    const wanted = body as { plan: string; currency?: string };
    const { subscription, checkout } = await startSubscription(ctx, { user, ...wanted });
    return answerCreated(path, Subscription, subscription, { checkout });
  },
} satisfies Partial<Route>);

/** Subscribing, changing the plan, and ending it. */
export const subscriptionActions: Route[] = [
  addLazyParts(startRoute, { body: () => body }),
  {
    ...common,
    path: `${path}/{id}/checkout`,
    id: 'payForSubscription',
    summary: 'Pay for a subscription that is pending or past due.',
    success: { 200: { description: 'Where to pay.', schema: checkoutSchema } },
    codes: [...codes],
    handle: async (ctx, request) => {
      const subscription = await findNamed(ctx, named, request);
      return { status: 200, json: await findSubscriptionCheckout(ctx, subscription) };
    },
  },
  {
    ...common,
    path: `${path}/{id}/plan`,
    id: 'changeSubscriptionPlan',
    summary:
      'Change the plan: to a dearer one at once, to a cheaper one of the same interval from the next period on; that is undone by choosing the plan that is paid.',
    body: Joi.object({ plan: limitText(32).required() }),
    example: { plan: 'STUDIO' },
    success: {
      200: {
        description: 'The subscription; where the difference must be paid first, where to.',
        schema: documentWith('ChangedSubscription', Subscription, { checkout: checkoutSchema }),
      },
    },
    codes: [...codes],
    handle: async (ctx, request) => {
      const { plan } = request.body as { plan: string };
      const found = await findNamed(ctx, named, request);
      const { subscription, checkout } = await changePlan(ctx, found, plan);
      return answerDocument(200, Subscription, subscription, { checkout });
    },
  },
  {
    ...common,
    path: `${path}/{id}/cancel`,
    id: 'cancelSubscription',
    summary: 'Have a subscription end with its period; one that is not paid for ends at once.',
    success,
    codes: [...codes],
    handle: async (ctx, request) => {
      const found = await findNamed(ctx, named, request);
      return answerDocument(200, Subscription, await setCancellation(ctx, found, true));
    },
  },
  {
    ...common,
    path: `${path}/{id}/resume`,
    id: 'resumeSubscription',
    summary: 'Have a subscription go on after all that was to end with its period.',
    success,
    codes: [...codes],
    handle: async (ctx, request) => {
      const found = await findNamed(ctx, named, request);
      return answerDocument(200, Subscription, await setCancellation(ctx, found, false));
    },
  },
];
