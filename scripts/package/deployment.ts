import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { readConfiguration } from '../../src/local/deployment/configuration.ts';

export interface Deployed {
  name: string;
  /** `audit-events` of `functions/audit-events.handler`. */
  file: string;
  /** Serves HTTP, so that a user waits for its cold start: only these have a limit of size. */
  isCrud: boolean;
  /** Its HTTP path: `/v1/audit-events`. */
  path: string | undefined;
}

/** The functions of serverless.yml, in its order. */
export function readFunctions(): Deployed[] {
  return Object.entries(readFunctionsByName()).map(([name, { handler, events = [] }]) => {
    const [path] = events.flatMap(
      ({ httpApi }) => /^ANY (\/[\w/-]*\w)/.exec(String(httpApi))?.[1] ?? [],
    );
    return { name, file: basename(handler, '.handler'), isCrud: path !== undefined, path };
  });
}

/** Patterns of files to pack that match no file: osls ignores such a pattern without a warning. */
export function findEmptyPatterns(): string[] {
  return Object.values(readFunctionsByName())
    .flatMap((given) => given.package?.patterns ?? [])
    .filter((pattern) => globSync(pattern).length === 0);
}

interface Given {
  handler: string;
  events?: Record<string, unknown>[];
  package?: { patterns?: string[] };
}

function readFunctionsByName(): Record<string, Given> {
  const { functions } = readConfiguration('.');
  return functions as Record<string, Given>; // osls checks the shape before anything is packaged
}
