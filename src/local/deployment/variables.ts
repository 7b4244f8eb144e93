import { isRecord, pickAt } from './shape.ts';

/** Reads an included file by its path; undefined where there is none. */
export type ReadIncluded = (path: string) => unknown;

interface Scope {
  document: unknown;
  readIncluded: ReadIncluded;
  parameters: Record<string, string>;
  /**
   * The variables that are being replaced, the outermost first: one that appears twice refers to
   * itself.
   */
  chain: string[];
}

// Values that the cloud knows, as they are on this machine.
const LOCAL: Record<string, string> = {
  'sls:stage': 'local',
  'opt:stage': 'local',
  'aws:accountId': '000000000000',
  'aws:region': 'us-east-1',
  'opt:region': 'us-east-1',
};

// A variable without another one inside it. `${AWS::Region}` and `${Bucket.Arn}` are
// CloudFormation's own.
const VARIABLE = /\$\{((?:\w+:(?!:)|file\()[^${}]*)\}/;

/**
 * Replaces `${self:…}`, `${file(…):…}`, `${sls:stage}`, `${env:…}` and their defaults. An unknown
 * variable stays as text; so does a `${param:…}` that is not given, since parameters say how one stage
 * in the cloud differs from another.
 * @throws Error when an included file or its key is missing, or when variables refer to each other
 */
export function resolveVariables(
  document: unknown,
  readIncluded: ReadIncluded,
  parameters: Record<string, string> = {},
): unknown {
  return resolveValue(document, { document, readIncluded, parameters, chain: [] });
}

function resolveValue(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return resolveText(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, scope));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveValue(item, scope)]),
  );
}

function resolveText(text: string, scope: Scope): unknown {
  const whole = new RegExp(`^${VARIABLE.source}$`).exec(text);
  if (whole?.[1]) return readVariable(whole[1], scope) ?? text;
  const replaced = text.replace(new RegExp(VARIABLE, 'g'), (variable, expression: string) => {
    const found = readVariable(expression, scope) ?? variable;
    if (typeof found !== 'object') return String(found);
    throw new Error(`${variable} is a map or a list, and cannot be part of a text`);
  });
  // An inner variable may have completed the name of an outer one.
  return replaced === text ? text : resolveText(replaced, scope);
}

/** The value of the first source that has one: `self:a.b, env:NAME, 'default'`. */
function readVariable(expression: string, scope: Scope): unknown {
  const sources = expression.split(',').map((source) => source.trim());
  for (const source of sources) {
    if (scope.chain.includes(source)) {
      throw new Error(`variables refer to each other: ${[...scope.chain, source].join(' → ')}`);
    }
    const inner = { ...scope, chain: [...scope.chain, source] };
    const found = readSource(source, inner);
    if (found !== undefined && found !== null) return resolveValue(found, inner);
  }
  const included = sources.find((source) => source.startsWith('file('));
  if (included) throw new Error(describeMissing(included, scope.readIncluded));
  return undefined;
}

function readSource(source: string, scope: Scope): unknown {
  const literal = /^'(.*)'$|^"(.*)"$|^(true|false|\d+)$/.exec(source);
  if (literal) return literal[1] ?? literal[2] ?? literal[3];
  const { path, key } = parseFile(source);
  if (path !== undefined) return follow(scope.readIncluded(path), key, scope);
  const [kind, name = ''] = source.split(/:(.*)/s);
  if (kind === 'self') return follow(scope.document, name, scope);
  if (kind === 'param') return scope.parameters[name];
  return kind === 'env' ? process.env[name] : LOCAL[source];
}

/** `file(deploy/roles.yml):a.b` in its two halves. */
function parseFile(source: string): { path?: string; key?: string } {
  const [, path, key] = /^file\(([^)]*)\)(?::(.*))?$/s.exec(source) ?? [];
  return { path: path?.trim(), key };
}

/** The value under `a.b`; on the way to it, a value may be a variable itself. */
function follow(value: unknown, path = '', scope: Scope): unknown {
  return path.split('.').reduce((node, key) => {
    if (key === '') return node;
    return pickAt(typeof node === 'string' ? resolveText(node, scope) : node, key);
  }, value);
}

function describeMissing(source: string, readIncluded: ReadIncluded): string {
  const { path = '', key } = parseFile(source);
  const fault =
    readIncluded(path) === undefined
      ? `there is no file ${path}`
      : `${path} has no ${key ?? 'content'}`;
  return `\${${source}}: ${fault}`;
}
