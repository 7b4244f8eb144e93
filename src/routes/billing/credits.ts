import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated } from '../../api/resource/answer.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { invalid } from '../../errors.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { self } from '../../rules.ts';
import { adjustCredits, reverseEntry } from '../../services/billing/adjust.ts';
import { grantCredits } from '../../services/billing/grants.ts';
import { creditsSchema } from './credit-schemas.ts';

const NONE = { available: 0, held: 0, debt: 0, isFrozen: false };

const entrySuccess = {
  201: { description: 'The entry of the ledger.', schema: documentSchema(CreditsTransaction) },
};

/** The credits of a user, and what administrators add and take. */
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
          'Whole credits: the balance, the part that running work holds, and what is available; what is owed, since it was spent before its payment was taken back; whether nothing can be spent, as during a dispute.',
        schema: creditsSchema,
      },
    },
    handle: async (ctx) => {
      const account = await findOne(ctx, CreditAccount, applyRule(self, ctx.actor));
      // A user who never had credits has no account.
      const { available, held, debt, isFrozen } = account ?? NONE;
      const balance = available + held;
      const troubles = { ...(debt > 0 && { debt }), ...(isFrozen && { isFrozen }) };
      return { status: 200, json: { balance, held, available, ...troubles } };
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
      user: idSchema().required(),
      amount: Joi.number().strict().integer().min(1).max(1_000_000).required(),
      reason: limitText(500).required(),
      expiresAt: Joi.string()
        .isoDate()
        .description('When they expire: they are spent before those that do not.'),
    }),
    success: entrySuccess,
    handle: async (ctx, { body }) => {
      const { user, expiresAt, ...more } = body as Given & { user: string; expiresAt?: string };
      const expires = expiresAt !== undefined && { expiresAt: readFuture(ctx, expiresAt) };
      const by = readAdmin(ctx);
      return answerEntry(
        await grantCredits(ctx, { ...more, user: new UUID(user), by, ...expires }),
      );
    },
  },
  {
    method: 'POST',
    path: '/v1/credits/adjustments',
    id: 'adjustCredits',
    summary: "Add credits to a user's account, or take them from it, with a reason.",
    tag: 'Credits',
    access: 'admin',
    body: Joi.object({
      user: idSchema().required(),
      amount: Joi.number()
        .strict()
        .integer()
        .min(-1_000_000)
        .max(1_000_000)
        .invalid(0)
        .required()
        .description('Added where positive, taken where negative; not 0.'),
      reason: limitText(500).required(),
    }),
    success: entrySuccess,
    codes: ['INSUFFICIENT_CREDITS'],
    handle: async (ctx, { body }) => {
      const { user, ...more } = body as Given & { user: string };
      const by = readAdmin(ctx);
      return answerEntry(await adjustCredits(ctx, { ...more, user: new UUID(user), by }));
    },
  },
  {
    method: 'POST',
    path: '/v1/credits/reversals',
    id: 'reverseCredits',
    summary: 'Reverse an entry of the ledger by another one, with a reason.',
    tag: 'Credits',
    access: 'admin',
    body: Joi.object({ entry: idSchema().required(), reason: limitText(500).required() }),
    success: entrySuccess,
    codes: ['INSUFFICIENT_CREDITS', 'INVALID_STATE'],
    handle: async (ctx, { body }) => {
      const { entry, reason } = body as { entry: string; reason: string };
      const by = readAdmin(ctx);
      return answerEntry(await reverseEntry(ctx, { entry: new UUID(entry), reason, by }));
    },
  },
];

type Given = { amount: number; reason: string };

function answerEntry(entry: CreditsTransactionDoc) {
  return answerCreated('/v1/credit-transactions', CreditsTransaction, entry);
}

function readAdmin({ actor }: Ctx): UUID {
  return applyRule(self, actor)._id as UUID;
}

function readFuture(ctx: Ctx, text: string): Date {
  const date = new Date(text);
  if (date.getTime() > ctx.clock()) return date;
  throw invalid([{ path: 'expiresAt', message: 'must be later than now' }]);
}
