import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { limitText } from '../../api/resource/input.ts';
import { notYet } from '../../api/resource/not-yet.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { findOne } from '../../data/read.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { owner } from '../../rules.ts';

const credits = { type: 'integer', minimum: 0 };

/** The credits of a user, and grants by administrators. */
export const creditRoutes: Route[] = [
  {
    method: 'GET',
    path: '/v1/credits',
    id: 'getCredits',
    summary: 'Get your credits.',
    tag: 'Credits',
    access: 'user',
    success: {
      200: {
        description:
          'Whole credits: the balance, the part that running work holds, and what is available.',
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['balance', 'held', 'available'],
          properties: { balance: credits, held: credits, available: credits },
        },
      },
    },
    handle: async (ctx) => {
      const account = await findOne(ctx, CreditAccount, applyRule(owner, ctx.actor));
      // A user who never had credits has no account.
      const { balance, held } = account ?? { balance: 0, held: 0 };
      return { status: 200, json: { balance, held, available: balance - held } };
    },
  },
  notYet(
    {
      method: 'POST',
      path: '/v1/credits/grants',
      id: 'grantCredits',
      summary: 'Give credits to a user.',
      tag: 'Credits',
      access: 'admin',
      body: Joi.object({
        user: Joi.string().guid().required(),
        amount: Joi.number().strict().integer().min(1).max(1_000_000).required(),
        reason: limitText(500).required(),
      }),
    },
    'There is no ledger of credits yet.',
  ),
];
