import type Joi from 'joi';
import { joinPath, MOST_FAULTS } from '../../clip.ts';
import type { Ctx } from '../../context.ts';
import { AppError, type Fault, invalid, mergeFaults } from '../../errors.ts';
import type { Route } from './route.ts';

const options: Joi.ValidationOptions = {
  abortEarly: false,
  allowUnknown: false,
  errors: { label: false },
  messages: {
    'any.custom': '{{#error.message}}',
    'string.pattern.name': 'must be a valid {{#name}}',
    'string.pattern.invert.base': 'is what is shown of it, not the value itself',
    'string.pattern.base': 'has characters or a form that is not allowed',
    'object.unknown': 'is not a known field',
  },
};

// joi compiles its messages each time they are passed to it, which is half of what a check costs.
const prepared = new WeakMap<Joi.Schema, Joi.Schema>();

function prepareSchema(schema: Joi.Schema): Joi.Schema {
  const known = prepared.get(schema) ?? schema.prefs(options);
  prepared.set(schema, known);
  return known;
}

/**
 * Checks a body.
 * @param owned names of fields that only the server writes, for a message that says so
 * @throws AppError VALIDATION_FAILED with every fault of the body
 */
export function checkBody(schema: Joi.Schema, body: unknown, owned?: ReadonlySet<string>): unknown {
  const { value, error } = prepareSchema(schema).validate(body);
  if (!error) return value;
  throw invalid(error.details.slice(0, MOST_FAULTS).map((d) => describeFault(d, owned)));
}

/**
 * Checks the body of a route, by its schema, and where that finds faults by the route's own rules, too.
 * @throws AppError VALIDATION_FAILED with every fault
 */
export async function checkBodyOf(ctx: Ctx, route: Route, body: unknown): Promise<unknown> {
  if (!route.body) return {};
  try {
    return checkBody(route.body, body, route.owned);
  } catch (error) {
    if (!(error instanceof AppError) || !route.findFaults) throw error;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw error;
    const faults = error.errors ?? [];
    const wrong = new Set(faults.map(({ path }) => path.split('.')[0]));
    const right = Object.entries(body).filter(([name]) => !wrong.has(name));
    const more = await route.findFaults(ctx, Object.fromEntries(right));
    throw invalid(mergeFaults(faults, more));
  }
}

function describeFault(detail: Joi.ValidationErrorItem, owned?: ReadonlySet<string>): Fault {
  const path = joinPath(detail.path);
  const isOwned = detail.type === 'object.unknown' && owned?.has(path);
  return { path, message: isOwned ? 'is set by the server' : detail.message.trim() };
}
