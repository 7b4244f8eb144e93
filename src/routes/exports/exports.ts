import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated } from '../../api/resource/answer.ts';
import { createRoute, removeRoute } from '../../api/resource/document-routes.ts';
import { applyRule, erase, filterById } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { castObject } from '../../data/cast.ts';
import { findOne } from '../../data/read.ts';
import { AppError, type Fault, notFound } from '../../errors.ts';
import { Export } from '../../models/exports/export.ts';
import { owner } from '../../rules.ts';
import { cancelRender } from '../../services/exports/cancel.ts';
import { estimateExport } from '../../services/exports/estimate.ts';
import { findExportFaults } from '../../services/exports/find-faults.ts';
import type { AskedExport } from '../../services/exports/make-plan.ts';
import { MOST_KEYS } from '../../services/exports/settings.ts';
import { startExport } from '../../services/exports/start.ts';
import { answerLink, linkSchema } from '../media/media.ts';

const path = '/v1/exports';
const estimateSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['seconds', 'bytes', 'durationSeconds', 'credits', 'priceVersion'],
  properties: {
    seconds: { type: 'number', description: 'Until it is complete, once a worker has it.' },
    bytes: { type: 'integer', description: 'Of its file.' },
    durationSeconds: { type: 'number' },
    credits: { type: 'integer', description: 'What it costs, at the prices of now.' },
    priceVersion: { type: 'string', description: 'The version of these prices.' },
  },
};

const common = { tag: 'Exports', access: 'user' } as const;

/** What a client asks for, as far as it is right in itself. */
async function findFaults(ctx: Ctx, body: Record<string, unknown>): Promise<Fault[]> {
  const values = { ...castObject(Export.shape, body), ...applyRule(owner, ctx.actor) };
  return findExportFaults(ctx, { settings: {}, ...values } as AskedExport);
}

const create: Route = Object.assign(createRoute(Export, { path, rule: owner }), {
  summary: 'Export a project into one file.',
  mostKeys: MOST_KEYS,
  findFaults,
  success: { 202: { description: 'Accepted.', schema: documentSchema(Export) } },
  codes: ['DUPLICATE', 'INSUFFICIENT_CREDITS', 'ALLOWANCE_EXCEEDED'],
  handle: async (ctx, { body }) => {
    const values = { ...castObject(Export.shape, body), ...applyRule(owner, ctx.actor) };
    const document = await startExport(ctx, { settings: {}, ...values } as AskedExport);
    return { ...answerCreated(path, Export, document), status: 202 };
  },
} satisfies Partial<Route>);

const estimate: Route = Object.assign(createRoute(Export, { path, rule: owner }), {
  path: `${path}/estimate`,
  id: 'estimateExport',
  summary: 'What an export would take, without starting it.',
  mostKeys: MOST_KEYS,
  findFaults,
  success: { 200: { description: 'The estimate.', schema: estimateSchema } },
  codes: [],
  handle: async (ctx, { body }) => {
    const values = { ...castObject(Export.shape, body), ...applyRule(owner, ctx.actor) };
    const json = await estimateExport(ctx, { settings: {}, ...values } as AskedExport);
    return { status: 200, json };
  },
} satisfies Partial<Route>);

const remove: Route = Object.assign(removeRoute(Export, { path, rule: owner }), {
  summary: 'Delete an export and its file; what is under way is cancelled.',
  handle: async (ctx, request) => {
    const filter = filterById(owner, ctx, request);
    await cancelRender(ctx, filter);
    return erase(ctx, Export, filter, request);
  },
} satisfies Partial<Route>);

const file: Route = {
  ...common,
  method: 'GET',
  path: `${path}/{id}/file`,
  id: 'getExportFile',
  summary: 'A link to the exported file.',
  success: { 200: { description: 'A presigned link.', schema: linkSchema } },
  codes: ['NOT_FOUND', 'INVALID_STATE'],
  handle: async (ctx, request) => {
    const document = await findOne(ctx, Export, filterById(owner, ctx, request));
    if (!document) throw notFound();
    const { status, filePath, contentType, fileName } = document;
    if (status !== 'COMPLETED' || !filePath || !contentType || !fileName) {
      throw new AppError('INVALID_STATE', `The export has no file: it is ${status}.`);
    }
    return answerLink(ctx, filePath, contentType, fileName);
  },
};

/** Starting an export, getting its file, and ending it. */
export const exportActions: Route[] = [create, estimate, remove, file];
