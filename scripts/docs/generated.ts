import { readFile } from 'node:fs/promises';
import { openApi } from '../../src/api/openapi.ts';
import { served } from '../../src/api/registry.ts';
import { dataModel } from './data-model.ts';
import { printed } from './json.ts';
import { domainsOf } from './registry.ts';

/** Every generated document, by its path. */
export async function generated(root: string): Promise<Record<string, string>> {
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
    version: string;
  };
  const routes = Object.values(served).flatMap((f) => f.routes);
  return {
    'openapi.json': `${printed(openApi(routes, version))}\n`,
    'docs/data-model.md': dataModel(domainsOf(root)),
  };
}
