import type { JsonSchema } from '../http/route.ts';

/** The id of examples. */
export const EXAMPLE_ID = '01980a3c-5f00-7abc-8def-0123456789ab';

const BY_NAME: Record<string, unknown> = {
  email: 'ada@example.com',
  username: 'ada',
  login: 'ada@example.com',
  password: 'three blind mice',
  currentPassword: 'three blind mice',
  newPassword: 'see how they run',
  fileName: 'song.mp3',
  size: 1_000_000,
  locale: 'en-GB',
};

/**
 * Texts that match the patterns in use; a route whose body needs another one has an example of its
 * own.
 */
const TEXTS = [EXAMPLE_ID, 'en-GB', `${'A'.repeat(43)}=`, 'P30D', 'https://example.com'];

/**
 * Makes a value of a JSON Schema with its optional fields, except references, which would point at
 * nothing. Returns undefined when it knows none.
 */
export function makeExample(schema: JsonSchema, name = ''): unknown {
  if (schema.const !== undefined) return schema.const;
  const byName = BY_NAME[name];
  if (byName !== undefined && !schema.enum) return byName;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return makeExample(schema.anyOf[0] as JsonSchema, name);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object':
      return makeObjectExample(schema);
    case 'array': {
      const item = schema.items && makeExample(schema.items as JsonSchema, name);
      return item === undefined ? [] : [item];
    }
    case 'string':
      return makeTextExample(schema, name);
    case 'number':
    case 'integer':
      return Math.max(Number(schema.minimum ?? 1), Math.min(1, Number(schema.maximum ?? 1)));
    case 'boolean':
      return true;
    default:
      return undefined;
  }
}

function makeObjectExample(schema: JsonSchema): unknown {
  const choices = (schema.oneOf ?? []) as { required: string[] }[];
  const [chosen, ...others] = choices.map((c) => c.required).map(([name = '']) => name);
  const required = [...((schema.required ?? []) as string[]), ...(chosen ? [chosen] : [])];
  const made: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries((schema.properties ?? {}) as typeof BY_NAME)) {
    if (others.includes(name)) continue;
    const value = makeExample(inner as JsonSchema, name);
    if (value === undefined && required.includes(name)) return undefined;
    const isElsewhere = JSON.stringify(value)?.includes(EXAMPLE_ID);
    if (value !== undefined && (required.includes(name) || !isElsewhere)) made[name] = value;
  }
  return made;
}

function makeTextExample(schema: JsonSchema, name: string): string | undefined {
  if (schema.format === 'date-time') return '2030-01-31T12:00:00.000Z';
  if (schema.format === 'uri') return 'https://example.com';
  if (schema.format === 'uuid') return EXAMPLE_ID;
  const { minLength = 0, maxLength = 1000 } = schema as { minLength?: number; maxLength?: number };
  const word = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  const own = `${word.charAt(0).toUpperCase()}${word.slice(1)}`.slice(0, maxLength);
  const form = new RegExp((schema.pattern as string | undefined) ?? '', 'u');
  return [own.padEnd(minLength, '.'), ...TEXTS].find(
    (text) => form.test(text) && text.length >= minLength && text.length <= maxLength,
  );
}
