import { readFile } from 'node:fs/promises';
import { describeApi } from '../../src/api/openapi/openapi.ts';
import { served } from '../served.ts';
import { dataModel } from './data-model.ts';
import { printed } from './json.ts';
import { domainsOf } from './registry.ts';
import { withUnfinished } from './unfinished.ts';

/** Every document that is generated, or has a part that is, by its path. */
export async function generated(root: string): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
    version: string;
  };
  const routes = Object.values(served).flatMap((f) => f.routes);
  const architecture = await readFile(`${root}docs/ARCHITECTURE.md`, 'utf8');
  return {
    'openapi.json': `${printed(describeApi(routes, version))}\n`,
    'docs/data-model.md': dataModel(domainsOf(root)),
    'docs/ARCHITECTURE.md': withUnfinished(architecture, routes),
  };
}
