import Joi from 'joi';
import type { Request, Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { viewSchema } from '../../api/openapi/views.ts';
import { documentRoutes } from '../../api/resource/document-routes.ts';
import { makeBody } from '../../api/resource/input.ts';
import { listViewParameters } from '../../api/resource/list-routes.ts';
import { applyRule, change, listOwnedFields, read } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { admin, self } from '../../rules.ts';
import { denySessions } from '../../services/account/end-sessions.ts';
import { isStanding, keepAnAdmin } from '../../services/account/standing.ts';
import { ringJobs } from '../../services/jobs/queue.ts';
import { enqueueSuspension } from '../../services/payments/subscriptions/suspension-job.ts';

const INCLUDE = [
  ...['avatar', 'projects', 'tracks', 'videos', 'images', 'audios', 'exports', 'jobs'],
  ...['payments', 'settings', 'consents'],
];

const common = { tag: 'Users', access: 'user' as const };
const me = { ...common, path: '/v1/users/me' };

const own: Route[] = [
  {
    ...me,
    method: 'GET',
    id: 'getMe',
    summary: 'Get your account.',
    conditional: true,
    query: listViewParameters(User, INCLUDE),
    success: {
      200: { description: 'The account.', schema: viewSchema(User, INCLUDE) },
      304: { description: 'Unchanged.' },
    },
    handle: (ctx, request) => read(ctx, User, applyRule(self, ctx.actor), INCLUDE, request),
  },
  {
    ...me,
    method: 'PATCH',
    id: 'updateMe',
    summary: 'Change your profile (JSON Merge Patch).',
    conditional: true,
    body: makeBody(User.shape, 'update'),
    owned: listOwnedFields(User, 'update'),
    success: {
      200: { description: 'The document as it is stored now.', schema: documentSchema(User) },
    },
    codes: ['PRECONDITION_FAILED'],
    handle: (ctx, request) => change(ctx, User, applyRule(self, ctx.actor), request),
  },
  {
    ...me,
    method: 'DELETE',
    id: 'deleteMe',
    summary: 'Delete your account (not implemented yet).',
    success: {},
    codes: ['NOT_IMPLEMENTED'],
    handle: async () => {
      throw new AppError('NOT_IMPLEMENTED', 'Deleting an account is not implemented yet.');
    },
  },
];

// What an admin may set of an account; its owner may not.
const standing = Joi.object({ isActive: Joi.boolean().strict(), isAdmin: Joi.boolean().strict() });

const byAdmin: Route[] = documentRoutes(User, {
  path: '/v1/users',
  can: { read: admin, update: admin },
}).map((route) => ({
  ...route,
  access: 'admin',
  ...(route.method === 'PATCH' && {
    summary: 'Suspend or reinstate an account, or make it an administrator.',
    body: standing,
    codes: [...(route.codes ?? []), 'INVALID_STATE' as const],
    owned: new Set([...listOwnedFields(User, 'update')].filter((n) => !n.startsWith('is'))),
    handle: async (ctx: Ctx, request: Request) => {
      const { isActive, isAdmin } = request.body;
      if (isActive !== false && isAdmin !== false) return route.handle(ctx, request);
      const id = new UUID(request.params.id as string);
      const jobs: UUID[] = [];
      const reply = await transaction(ctx, async (tx) => {
        jobs.length = 0; // it may run again
        await keepAnAdmin(tx, id);
        const isSuspended = isActive === false && (await isStanding(tx, id));
        const changed = await route.handle(tx, request);
        if (isSuspended) {
          // Its sessions end, too: nobody is still signed in when the account is reinstated.
          jobs.push(await denySessions(tx, id));
          await enqueueSuspension(tx, id);
        }
        return changed;
      });
      for (const job of jobs) await ringJobs(ctx, job);
      return reply;
    },
  }),
}));

/** One's own account at /v1/users/me; all accounts for administrators. */
export const userRoutes: Route[] = [...own, ...byAdmin];
