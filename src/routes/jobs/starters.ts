import Joi from 'joi';
import { makeBody } from '../../api/resource/input.ts';
import { castObject } from '../../data/cast.ts';
import { Export } from '../../models/exports/export.ts';
import { owner } from '../../rules.ts';
import { computePrice } from '../../services/billing/prices.ts';
import { estimateExport } from '../../services/exports/estimate.ts';
import { findAwaited } from '../../services/exports/find-awaited.ts';
import { findExportFaults } from '../../services/exports/find-faults.ts';
import { importProject } from '../../services/exports/import/import-job.ts';
import {
  type AskedImport,
  findImportFaults,
  startImportJob,
} from '../../services/exports/import/start-import.ts';
import type { AskedExport } from '../../services/exports/make-plan.ts';
import { startExportJob } from '../../services/exports/start.ts';
import { idInput } from '../../services/jobs/input.ts';
import type { Starter } from '../../services/jobs/startable.ts';

const readExport = (input: object) =>
  ({ settings: {}, ...castObject(Export.shape, { ...input }) }) as AskedExport;

/** The job types that clients start by way of a document, beside those that are `startable`. */
export const starters: Record<string, Starter> = {
  export: {
    // Made when it is needed: a function starts with all its routes.
    get body() {
      return makeBody(Export.shape, 'create');
    },
    rule: owner,
    start: (ctx, input, how) => startExportJob(ctx, readExport(input), how),
    findFaults: async (ctx, input, { after }) => {
      const asked = readExport(input);
      const awaited = await findAwaited(ctx, asked.user, after);
      return findExportFaults(ctx, { ...asked, awaited });
    },
    estimate: async (ctx, input) => (await estimateExport(ctx, readExport(input))).credits,
  },
  import: {
    body: Joi.object({ import: idInput().required() }),
    rule: owner,
    start: (ctx, input, how) => startImportJob(ctx, input as AskedImport, how),
    findFaults: (ctx, input) => findImportFaults(ctx, input as AskedImport),
    estimate: async (ctx) => computePrice(ctx, importProject.name, {}),
  },
};
