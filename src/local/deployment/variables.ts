import { at, isRecord } from './shape.ts';

// What stands for the cloud's own values on this machine.
const local: Record<string, string> = {
  'sls:stage': 'local',
  'opt:stage': 'local',
  'aws:accountId': '000000000000',
  'aws:region': 'us-east-1',
  'opt:region': 'us-east-1',
};

// `${param:…}` is left out on purpose: parameters say how a stage in the cloud differs.
/** Replaces `${self:…}`, `${sls:stage}`, `${env:…}` and their defaults; unknown ones stay as text. */
export function resolveVariables(root: unknown): unknown {
  return resolve(root, root, 0);
}

function resolve(value: unknown, root: unknown, depth: number): unknown {
  if (depth > 50) throw new Error('serverless.yml has variables that refer to each other');
  if (typeof value === 'string') return resolveText(value, root, depth);
  if (Array.isArray(value)) return value.map((item) => resolve(item, root, depth + 1));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolve(item, root, depth + 1)]),
  );
}

function resolveText(text: string, root: unknown, depth: number): unknown {
  // The innermost first, so that a variable may be part of another's name. `${AWS::…}` of Fn::Sub
  // is CloudFormation's own and has no such pattern of source and colon.
  const inner = /\$\{(\w+:(?!:)[^${}]*)\}/.exec(text);
  if (!inner?.[1]) return text;
  const found = lookUp(inner[1], root);
  if (found === undefined) return text;
  if (inner[0] === text) return resolve(found, root, depth + 1);
  return resolveText(
    text.replace(inner[0], () => String(found)),
    root,
    depth + 1,
  );
}

function lookUp(expression: string, root: unknown): unknown {
  for (const choice of expression.split(',').map((part) => part.trim())) {
    const literal = /^'(.*)'$|^"(.*)"$|^(true|false|\d+)$/.exec(choice);
    if (literal) return literal[1] ?? literal[2] ?? literal[3];
    const colon = choice.indexOf(':');
    const [source, name] = [choice.slice(0, colon), choice.slice(colon + 1)];
    const found =
      source === 'self'
        ? at(root, ...name.split('.'))
        : source === 'env'
          ? process.env[name]
          : local[choice];
    if (found !== undefined) return found;
  }
  return undefined;
}
