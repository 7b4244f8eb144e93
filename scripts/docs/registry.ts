import { readFileSync } from 'node:fs';
import type { JsonSchema, Route } from '../../src/api/http/route.ts';
import { type Entity, entityNamed } from '../../src/data/entity.ts';
import { served } from '../served.ts';

/** The entities of one folder of src/models. */
export interface Domain {
  name: string;
  entities: Entity[];
}

/** Where an entity is read and written over HTTP. */
export interface Served {
  path: string;
  /** The implemented methods of the path and of one document below it. */
  methods: string[];
  /** The name of the function's file, without `functions/` and `.ts`. */
  function: string;
}

/** Reads every entity, by domain, in the order of the registry. */
export function readDomains(root: string): Domain[] {
  const index = readFileSync(`${root}src/models/index.ts`, 'utf8');
  const domains = new Map<string, Entity[]>();
  for (const [, name = '', domain = ''] of index.matchAll(
    /\{ (\w+) \} from '\.\/(?:generation\/)?(\w+)\//g,
  )) {
    domains.set(domain, [...(domains.get(domain) ?? []), entityNamed(name)]);
  }
  return [...domains].map(([name, entities]) => ({ name, entities }));
}

/** Finds where an entity is served: the paths whose GET returns it. */
export function findServed(entity: Entity): Served[] {
  return Object.entries(served).flatMap(([name, { routes }]) => {
    const reads = routes.filter((r) => r.method === 'GET' && isAnsweredBy(entity, r));
    const paths = new Set(reads.map((r) => r.path.replace(/\/\{id\}$/, '')));
    return [...paths].map((path) => ({
      path,
      methods: listMethods(path, routes),
      function: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    }));
  });
}

function isAnsweredBy(entity: Entity, { success }: Route): boolean {
  const { schema } = success[200] ?? {};
  const made = typeof schema === 'function' ? schema(new Map()) : (schema as JsonSchema);
  const name = String(made?.$ref).split('/').at(-1);
  return name === `${entity.name}View` || name === `${entity.name}Page`;
}

function listMethods(path: string, routes: Route[]): string[] {
  const here = routes.filter(
    (r) => (r.path === path || r.path === `${path}/{id}`) && Object.keys(r.success).length > 0,
  );
  return ['GET', 'POST', 'PATCH', 'DELETE'].filter((m) => here.some((r) => r.method === m));
}
