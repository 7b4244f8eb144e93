import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { removeRoute } from '../../api/resource/document-routes.ts';
import { erase, filterById } from '../../api/resource/verbs.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import { Project } from '../../models/projects/project.ts';
import { owner } from '../../rules.ts';
import { refuseWhileHeld } from '../../services/generation/comfyui/refuse-held.ts';

const options = { path: '/v1/projects', rule: owner };

const remove: Route = Object.assign(removeRoute(Project, options), {
  handle: async (ctx, request) => {
    const filter = filterById(owner, ctx, request);
    await refuseWhileHeld(ctx, filter);
    return erase(ctx, Project, filter, request);
  },
} satisfies Partial<Route>);

/** DRAFT → ACTIVE → ARCHIVED → ACTIVE; and its end. */
export const projectActions: Route[] = [
  makeTransition('activate', 'Activate', ['DRAFT', 'ARCHIVED'], 'ACTIVE'),
  makeTransition('archive', 'Archive', ['ACTIVE'], 'ARCHIVED'),
  remove,
];

function makeTransition(verb: string, title: string, from: string[], to: string): Route {
  return {
    method: 'POST',
    path: `/v1/projects/{id}/${verb}`,
    id: `${verb}Project`,
    summary: `${title} a project that is ${from.join(' or ')}.`,
    tag: 'Projects',
    access: 'user',
    success: { 200: { description: 'The project.', schema: documentSchema(Project) } },
    codes: ['NOT_FOUND', 'INVALID_STATE'],
    handle: async (ctx, request) => {
      const mine = filterById(owner, ctx, request);
      const allowed = { ...mine, status: { $in: from } };
      const project = await update(ctx, Project, allowed, { set: { status: to } }, verb);
      if (!project) {
        const stands = await findOne(ctx, Project, mine, { projection: { status: 1 } });
        if (!stands) throw notFound();
        throw new AppError('INVALID_STATE', `A project that is ${stands.status} cannot do this.`);
      }
      return answerDocument(200, Project, project);
    },
  };
}
