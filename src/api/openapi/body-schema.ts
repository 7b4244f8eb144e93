import type Joi from 'joi';
import type { JsonSchema } from '../http/route.ts';

/** What joi's `describe()` says of a schema that its JSON Schema leaves out. */
interface Described {
  metas?: { maxLength?: number; pattern?: string; format?: string }[];
  rules?: {
    name: string;
    args?: { regex?: string; options?: { scheme?: string[]; invert?: boolean } };
  }[];
  dependencies?: { rel: string; peers: string[] }[];
  keys?: Record<string, Described>;
  items?: Described[];
}

/** Makes the JSON Schema of a body: joi's own, completed by what joi leaves out of it. */
export function bodySchema(body: Joi.ObjectSchema): JsonSchema {
  const { $schema, ...schema } = body['~standard'].jsonSchema.input({
    target: 'draft-2020-12',
  });
  return completeSchema(schema, body.describe() as Described);
}

function completeSchema(schema: JsonSchema, described: Described): JsonSchema {
  const { metas = [], rules = [], keys = {}, items = [], dependencies = [] } = described;
  // A pattern of joi's own says more than that of any text.
  const own = schema.pattern === undefined ? {} : { pattern: schema.pattern };
  const made = Object.assign({ ...schema, ...describeChoices(dependencies) }, ...metas, own);
  if (typeof made.pattern === 'string') made.pattern = simplifyPattern(made.pattern, rules);
  // joi trims before it checks the length, so what is trimmed must not be blank.
  else if (made.minLength && rules.some((r) => r.name === 'trim')) made.pattern = '\\S';
  const isInverted = rules.some((r) => r.name === 'pattern' && r.args?.options?.invert);
  if (isInverted) made.pattern = `^(?!${String(made.pattern).replace(/^\^/, '')})`;
  const schemes = rules.flatMap((r) => (r.name === 'uri' && r.args?.options?.scheme) || []);
  if (schemes.length > 0) made.pattern = `^(${schemes.join('|')})://`;
  if (made.type === 'integer') {
    // joi refuses unsafe integers, which would not be stored as they were sent.
    made.minimum ??= Number.MIN_SAFE_INTEGER;
    made.maximum ??= Number.MAX_SAFE_INTEGER;
  }
  if (Array.isArray(made.type) && made.type.includes('null') && Array.isArray(made.enum)) {
    made.enum = [...made.enum, null];
  }
  if (made.properties) {
    const properties = Object.entries(made.properties as Record<string, JsonSchema>);
    made.properties = Object.fromEntries(
      properties.map(([name, inner]) => [name, completeSchema(inner, keys[name] ?? {})]),
    );
  }
  if (made.items && items.length === 1) {
    made.items = completeSchema(made.items as JsonSchema, items[0] as Described);
  }
  return made;
}

/** joi's `or` and `xor`: at least one of these, or exactly one. */
function describeChoices(dependencies: NonNullable<Described['dependencies']>): JsonSchema {
  const chosen = dependencies.map(({ rel, peers }) => {
    const each = peers.map((name) => ({ required: [name] }));
    return rel === 'or' ? { anyOf: each } : rel === 'xor' ? { oneOf: each } : {};
  });
  return Object.assign({}, ...chosen);
}

/**
 * Rewrites a pattern without flags, which JSON Schema lacks, and without Unicode classes, which few
 * tools know.
 */
function simplifyPattern(pattern: string, rules: Described['rules'] = []): string {
  const plain = pattern.replaceAll('\\p{Cc}', '\\x00-\\x1f\\x7f-\\x9f');
  const ignoresCase = rules.some((r) => /\/\w*i\w*$/.test(r.args?.regex ?? ''));
  return ignoresCase ? plain.replace(/a-z(?!A-Z)/g, 'a-zA-Z') : plain;
}
