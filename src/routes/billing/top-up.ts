import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { idSchema, limitText } from '../../api/resource/input.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { notFound } from '../../errors.ts';
import { TopUp } from '../../models/billing/top-up.ts';
import { owner } from '../../rules.ts';
import {
  endTopUp,
  findTopUp,
  type NewTopUp,
  setTopUp,
} from '../../services/payments/top-ups/set.ts';

const common = { path: '/v1/top-up', tag: 'TopUps', access: 'user' } as const;
const success = { 200: { description: 'The top-up.', schema: documentSchema(TopUp) } };

type Given = Omit<NewTopUp, 'user' | 'paymentMethod'> & { paymentMethod?: string };

/** What is bought when credits run low: one of the signed-in user. */
export const topUpRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    id: 'getTopUp',
    summary: 'Get what is bought when credits run low.',
    success,
    codes: ['NOT_FOUND'],
    handle: async (ctx) => {
      const found = await findTopUp(ctx, ownId(ctx));
      if (!found) throw notFound();
      return answerDocument(200, TopUp, found);
    },
  },
  {
    ...common,
    method: 'POST',
    id: 'setTopUp',
    summary:
      'Set what is bought, with a saved method, when credits run low, in place of what was set before.',
    body: Joi.object({
      package: limitText(64).required().description('One of `GET /v1/credit-packages`.'),
      currency: Joi.string()
        .uppercase()
        .pattern(/^[A-Z]{3}$/)
        .description('One that the package is sold in; its first unless given.'),
      threshold: Joi.number()
        .strict()
        .integer()
        .min(1)
        .max(1_000_000)
        .required()
        .description('It is bought, within some minutes, when fewer credits are available.'),
      mostPerDay: Joi.number()
        .strict()
        .integer()
        .min(1)
        .max(20)
        .description('How often at most in a day by UTC; 3 unless given.'),
      paymentMethod: idSchema().description(
        'What is charged, and no other: once it is removed, nothing is bought. The default unless given, or else the newest.',
      ),
    }),
    example: { package: 'SMALL', threshold: 20 },
    success,
    handle: async (ctx, { body }) => {
      const { paymentMethod, ...more } = body as unknown as Given;
      const method = paymentMethod && { paymentMethod: new UUID(paymentMethod) };
      return answerDocument(
        200,
        TopUp,
        await setTopUp(ctx, { user: ownId(ctx), ...more, ...method }),
      );
    },
  },
  {
    ...common,
    method: 'DELETE',
    id: 'deleteTopUp',
    summary: 'Have nothing bought any more when credits run low.',
    success: { 204: { description: 'Removed, or there was none.' } },
    handle: async (ctx) => {
      await endTopUp(ctx, ownId(ctx));
      return { status: 204 };
    },
  },
];

function ownId({ actor }: Ctx): UUID {
  return applyRule(owner, actor).user as UUID;
}
