import { readFile } from 'node:fs/promises';
import { describeApi } from '../../src/api/openapi/openapi.ts';
import { listEventTypes } from '../../src/services/webhooks/event-types.ts';
import { served } from '../served.ts';
import { writeDataModel } from './data-model.ts';
import { printJson } from './json.ts';
import { insertMetrics } from './metrics.ts';
import { insertPersonal } from './personal.ts';
import { readDomains } from './registry.ts';
import { insertUnfinished } from './unfinished.ts';
import { insertEvents } from './webhook-events.ts';

/** Generates every document that is generated in whole or in part, by its path. */
export async function generateDocuments(root: string): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
    version: string;
  };
  const routes = Object.values(served).flatMap((f) => f.routes);
  const architecture = await readFile(`${root}docs/ARCHITECTURE.md`, 'utf8');
  const webhooks = await readFile(`${root}docs/webhooks.md`, 'utf8');
  const metering = await readFile(`${root}docs/metering.md`, 'utf8');
  const domains = readDomains(root);
  return {
    'openapi.json': `${printJson(describeApi(routes, version, listEventTypes()))}\n`,
    'docs/webhooks.md': insertEvents(webhooks),
    'docs/metering.md': insertMetrics(metering),
    'docs/data-model.md': writeDataModel(domains),
    'docs/ARCHITECTURE.md': insertPersonal(insertUnfinished(architecture, routes), domains),
  };
}
