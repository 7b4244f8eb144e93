import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated } from '../../api/resource/answer.ts';
import { limitText } from '../../api/resource/input.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { self } from '../../rules.ts';
import { grantCredits } from '../../services/billing/grants.ts';
import { creditsSchema } from './credit-schemas.ts';

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
        schema: creditsSchema,
      },
    },
    handle: async (ctx) => {
      const account = await findOne(ctx, CreditAccount, applyRule(self, ctx.actor));
      // A user who never had credits has no account.
      const { available, held } = account ?? { available: 0, held: 0 };
      return { status: 200, json: { balance: available + held, held, available } };
    },
  },
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
    success: {
      201: { description: 'The entry of the ledger.', schema: documentSchema(CreditsTransaction) },
    },
    handle: async (ctx, { body }) => {
      const { user, amount, reason } = body as { user: string; amount: number; reason: string };
      const entry = await grantCredits(ctx, { user: new UUID(user), amount, reason });
      return answerCreated('/v1/credit-transactions', CreditsTransaction, entry);
    },
  },
];
