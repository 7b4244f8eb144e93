import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import { Project } from '../../models/projects/project.ts';
import { owner } from '../../rules.ts';

/** DRAFT → ACTIVE → ARCHIVED → ACTIVE. */
export const projectActions: Route[] = [
  makeTransition('activate', 'Activate', ['DRAFT', 'ARCHIVED'], 'ACTIVE'),
  makeTransition('archive', 'Archive', ['ACTIVE'], 'ARCHIVED'),
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
