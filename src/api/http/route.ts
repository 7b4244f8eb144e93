import type Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { ID_FORM } from '../../data/ids.ts';
import type { ErrorCode, Fault } from '../../errors.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Record<string, unknown>;

/** A request as a handler gets it: routed, authenticated, parsed and validated. */
export interface Request {
  params: Record<string, string>;
  query: ReadonlyMap<string, string>;
  body: Record<string, unknown>;
  /** The body as it was sent, where the route takes bytes; empty elsewhere. */
  bytes: Buffer;
  /** The headers, with names in lower case, where the route takes bytes; none elsewhere. */
  headers: Record<string, string | undefined>;
  ifMatch: string | undefined;
  ifNoneMatch: string | undefined;
  /** The Accept header. */
  accept?: string | undefined;
}

/** What a handler answers: `json`, or `body` as it is (base64 when `binary`). */
export interface Reply {
  status: number;
  json?: unknown;
  body?: string;
  binary?: boolean;
  headers?: Record<string, string>;
}

/** A query parameter, with its JSON Schema. */
export interface Parameter {
  name: string;
  description: string;
  schema?: JsonSchema;
  /** Without it the answer is 400; then an example is due, too. */
  required?: true;
  example?: string;
}

/** The shared schemas of the OpenAPI document (`#/components/schemas`), by name. */
export type Components = Map<string, JsonSchema>;

/**
 * An answer that is no error. A schema that is a function is made with the document, and may refer
 * to components.
 */
interface Success {
  description: string;
  schema?: JsonSchema | ((components: Components) => JsonSchema);
  contentType?: string;
  /** Other types that it has, where the client prefers one by its Accept header. */
  others?: string[];
}

/**
 * One operation of the API: what it takes, who may call it, what it answers, and the code behind
 * it.
 */
export interface Route {
  method: Method;
  /** `/v1/tracks/{id}`; `{id}` only matches an id. */
  path: string;
  /** `listTracks`: unique, the name of the method in a generated client. */
  id: string;
  summary: string;
  tag: string;
  access: 'anyone' | 'user' | 'admin';
  /** The schema of the body; without one the route takes no body. */
  body?: Joi.ObjectSchema;
  /**
   * Finds what else is wrong where the schema has found faults, so that all are told at once.
   * @param body the fields that are right
   */
  findFaults?(ctx: Ctx, body: Record<string, unknown>): Promise<Fault[]>;
  /** Whether it takes its body as it was sent, up to 1 MiB, and headers: for what is signed. */
  takesBytes?: boolean;
  /** Whether the body may be left out: then it is `{}`. */
  isBodyOptional?: boolean;
  /** The most keys that its body may have in all levels together; 1000 unless given. */
  mostKeys?: number;
  /** The most KiB that its body may have; 1024 of a signed-in user unless given. */
  mostKiB?: number;
  /** A valid body, where none can be derived from the schema. */
  example?: JsonSchema;
  /** Fields that only the server writes: the error for sending one says so. */
  owned?: ReadonlySet<string>;
  query?: Parameter[];
  /** Whether it is refused without an Idempotency-Key: what must not be done twice when it is sent again. */
  needsKey?: boolean;
  /** Whether it reads If-Match or If-None-Match. */
  conditional?: boolean;
  /** The statuses of success, with the schema of each. */
  success: Record<number, Success>;
  /** Errors that it may answer beside those of every operation of its kind. */
  codes?: ErrorCode[];
  /** False when the answer is the same for everybody, so that caches may store it. */
  personal?: boolean;
  handle(ctx: Ctx, request: Request): Promise<Reply>;
}

type Late = Pick<Route, 'body' | 'owned' | 'query'>;

/**
 * Adds parts to a route that are made when they are first read: a cold start loads all routes and
 * needs few of them. Spreading such a route would read them, so use Object.assign to add to it.
 */
export function addLazyParts<R extends Late>(
  route: R,
  parts: { [P in keyof Late]: () => Late[P] },
): R {
  for (const [name, make] of Object.entries<() => unknown>(parts)) {
    const get = () => {
      const value = make();
      Object.defineProperty(route, name, { value });
      return value;
    };
    Object.defineProperty(route, name, { get, enumerable: true, configurable: true });
  }
  return route;
}

/** The route of a method and a path; or the methods that the path has. */
type Found = { route: Route; params: Record<string, string> } | { allow: Method[] } | undefined;

/** Makes the function that finds the route of a request. */
export function createRouter(routes: Route[]): (method: string, path: string) => Found {
  const byLength = new Map<number, { segments: string[]; route: Route }[]>();
  for (const route of routes) {
    const segments = route.path.split('/');
    byLength.set(segments.length, [...(byLength.get(segments.length) ?? []), { segments, route }]);
  }
  // Literal segments win over `{id}`: /v1/users/me before /v1/users/{id}.
  for (const same of byLength.values()) {
    same.sort((a, b) => a.route.path.split('{').length - b.route.path.split('{').length);
  }
  return (method, path) => {
    const given = path.split('/');
    const allow: Method[] = [];
    for (const { segments, route } of byLength.get(given.length) ?? []) {
      const params = matchPath(segments, given);
      if (!params) continue;
      if (route.method === method || (method === 'HEAD' && route.method === 'GET')) {
        return { route, params };
      }
      if (!allow.includes(route.method)) allow.push(route.method);
    }
    return allow.length > 0 ? { allow } : undefined;
  };
}

function matchPath(segments: string[], given: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as string;
    const value = given[i] as string;
    if (segment.startsWith('{')) {
      const name = segment.slice(1, -1);
      if (name === 'id' ? !ID_FORM.test(value) : !/^[\w.-]{1,64}$/.test(value)) return undefined;
      params[name] = value;
    } else if (segment !== value) return undefined;
  }
  return params;
}
