import { basename } from 'node:path';
import { readConfiguration } from '../../src/local/deployment/configuration.ts';
import { readText } from '../../src/local/deployment/shape.ts';

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

/** The patterns of files that a function has packed beside its bundle, by the function's name. */
export function readPatterns(parameters: Record<string, string>) {
  return Object.entries(readFunctionsByName(parameters)).flatMap(([name, { package: packed }]) =>
    (packed?.patterns ?? []).map((pattern) => ({ name, pattern: readText(pattern) })),
  );
}

interface Given {
  handler: string;
  events?: Record<string, unknown>[];
  package?: { patterns?: string[] };
}

function readFunctionsByName(parameters?: Record<string, string>): Record<string, Given> {
  const { functions } = readConfiguration('.', parameters);
  return functions as Record<string, Given>; // osls checks the shape before anything is packaged
}
