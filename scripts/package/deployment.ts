import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';

export interface Deployed {
  name: string;
  /** `audit-events` of `functions/audit-events.handler`. */
  file: string;
  /** Serves a resource: what a user waits for, and so what the limit of size is for. */
  isCrud: boolean;
}

/** The functions of serverless.yml, in its order. */
export function readFunctions(): Deployed[] {
  const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as {
    functions: Record<string, { handler: string; events?: Record<string, unknown>[] }>;
  };
  return Object.entries(functions).map(([name, { handler, events = [] }]) => ({
    name,
    file: basename(handler, '.handler'),
    isCrud: events.some(({ httpApi }) => String(httpApi ?? '').includes('/v1/')),
  }));
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
