import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Route } from '../src/api/http/route.ts';
import type { Resource } from '../src/api/resource/resource.ts';
import type { Entity } from '../src/data/entity.ts';

const folder = fileURLToPath(new URL('../functions/', import.meta.url));

/** What a function with HTTP routes exports: its routes, and the entity if it is a resource. */
export interface Served {
  routes: Route[];
  entity?: Entity;
}

/** The functions with HTTP routes in `functions/`, by their names in serverless.yml. */
export const served: Record<string, Served> = Object.fromEntries(
  (await Promise.all(readdirSync(folder).toSorted().map(readFunction))).filter(
    (found) => found !== undefined,
  ),
);

/** Those of them that serve an entity as a resource. */
export const resources = Object.values(served).filter((s): s is Resource => s.entity !== undefined);

async function readFunction(file: string): Promise<[string, Served] | undefined> {
  const exported: Record<string, unknown> = await import(`${folder}${file}`);
  const answers = Object.values(exported).find(isServed);
  const name = file.slice(0, -'.ts'.length).replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return answers && [name, answers];
}

function isServed(value: unknown): value is Served {
  return typeof value === 'object' && value !== null && 'routes' in value;
}
