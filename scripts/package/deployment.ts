import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';

export interface Deployed {
  name: string;
  /** `audit-events` of `functions/audit-events.handler`. */
  file: string;
  /** Serves a resource: what a user waits for, and so what the limit of size is for. */
  isCrud: boolean;
  /** Where HTTP reaches it: `/v1/audit-events`. */
  path: string | undefined;
}

/** The functions of serverless.yml, in its order. */
export function readFunctions(): Deployed[] {
  const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as {
    functions: Record<string, { handler: string; events?: Record<string, unknown>[] }>;
  };
  return Object.entries(functions).map(([name, { handler, events = [] }]) => {
    const [path] = events.flatMap(
      ({ httpApi }) => /^ANY (\/[\w/-]*\w)/.exec(String(httpApi))?.[1] ?? [],
    );
    return { name, file: basename(handler, '.handler'), isCrud: path !== undefined, path };
  });
}

/** Patterns of files to pack that match none: osls leaves such out without a word. */
export function emptyPatterns(): string[] {
  const { functions, custom } = parse(readFileSync('serverless.yml', 'utf8')) as {
    functions: Record<string, { package?: { patterns?: string[] } | string }>;
    custom: Record<string, { patterns?: string[] }>;
  };
  return [...Object.values(functions).map((given) => given.package), ...Object.values(custom)]
    .flatMap((given) => (typeof given === 'object' ? (given.patterns ?? []) : []))
    .filter((pattern) => globSync(pattern).length === 0);
}
