import { readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { Refusal } from '../refusal.ts';
import { isRecord } from './shape.ts';
import { resolveVariables } from './variables.ts';
import { parseTemplate } from './yaml.ts';

/**
 * Reads the serverless.yml of a folder as osls does: its variables replaced, the files that
 * `${file(…)}` names included, lists of `functions` or `resources` merged into one map. What only
 * AWS or a stage knows stays as text.
 * @param parameters values for `${param:…}`, of which there are none on this machine
 * @throws Refusal that names the file and, where a variable is at fault, the variable
 */
export function readConfiguration(
  root: string,
  parameters: Record<string, string> = {},
): Record<string, unknown> {
  const file = join(root, 'serverless.yml');
  try {
    const document = parseTemplate(readFileSync(file, 'utf8'));
    const resolved = resolveVariables(document, (path) => readIncluded(root, path), parameters);
    if (!isRecord(resolved)) throw new Error('it is not a map');
    const { functions, resources } = resolved;
    return { ...resolved, functions: mergeAll(functions), resources: mergeAll(resources) };
  } catch (error) {
    throw new Refusal(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * A file that serverless.yml includes; undefined where there is none. Paths are relative to
 * serverless.yml.
 */
function readIncluded(root: string, path: string): unknown {
  if (!['.yml', '.yaml', '.json'].includes(extname(path))) {
    throw new Error(`\${file(${path})}: only .yml, .yaml and .json files can be included`);
  }
  try {
    return parseTemplate(readFileSync(resolve(root, path), 'utf8')); // JSON is YAML, too
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function mergeAll(section: unknown): unknown {
  return Array.isArray(section) ? section.reduce(merge, {}) : section;
}

function merge(under: unknown, over: unknown): unknown {
  if (!isRecord(under) || !isRecord(over)) return over ?? under;
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(under[key], value);
  return merged;
}
