import type { HttpRoute } from '../deployment/types.ts';

/** The route of a request, and the values of its path parameters. */
export type Match<T> = {
  target: T;
  routeKey: string;
  parameters: Record<string, string> | undefined;
};

/** Finds the route of a request. */
export type Router<T> = (method: string, path: string) => Match<T> | undefined;

type Leaf<T> = { target: T; routeKey: string; names: string[] };
type Leaves<T> = Map<string, Leaf<T>>;
type Node<T> = {
  fixed: Map<string, Node<T>>;
  variable?: Node<T>;
  here: Leaves<T>;
  greedy: Leaves<T>;
};

// The methods that `ANY` of API Gateway means.
const methods = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * Makes a router that chooses as an HTTP API of API Gateway does: a full match before a greedy one,
 * both before `$default`; a fixed segment before a variable, a longer greedy path before a shorter
 * one, a method before `ANY`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function createRouter<T>(routes: { route: HttpRoute; target: T }[]): Router<T> {
  const top = createNode<T>();
  let fallback: Leaf<T> | undefined;
  for (const { route, target } of routes) {
    if (route.path === '$default') fallback = { target, routeKey: '$default', names: [] };
    else addRoute(top, route, target);
  }

  return (method, path) => {
    if (!methods.has(method)) return undefined;
    const segments = path.split('/');
    const exact = findExact(top, segments, 1, method, []);
    if (exact) return exact;
    const found = findGreedy(top, segments, 1, method, []);
    if (found) return found;
    return fallback && { target: fallback.target, routeKey: '$default', parameters: undefined };
  };
}

function createNode<T>(): Node<T> {
  return { fixed: new Map(), here: new Map(), greedy: new Map() };
}

function addRoute<T>(top: Node<T>, { method, path }: HttpRoute, target: T): void {
  const names: string[] = [];
  let current = top;
  let leaves: Leaves<T> | undefined;
  for (const segment of path.split('/').slice(1)) {
    const name = /^\{(.+?)(\+?)\}$/.exec(segment);
    if (!name?.[1]) {
      const next = current.fixed.get(segment) ?? createNode<T>();
      current.fixed.set(segment, next);
      current = next;
      continue;
    }
    names.push(name[1]);
    if (name[2]) leaves = current.greedy;
    else {
      current.variable ??= createNode<T>();
      current = current.variable;
    }
  }
  (leaves ?? current.here).set(method, { target, routeKey: `${method} ${path}`, names });
}

function findExact<T>(
  at: Node<T>,
  segments: string[],
  index: number,
  method: string,
  values: string[],
): Match<T> | undefined {
  const segment = segments[index];
  if (segment === undefined) return makeMatch(at.here, method, values);
  const fixed = at.fixed.get(segment);
  const found = fixed && findExact(fixed, segments, index + 1, method, values);
  if (found || !at.variable || segment === '') return found;
  return findExact(at.variable, segments, index + 1, method, [...values, segment]);
}

function findGreedy<T>(
  at: Node<T>,
  segments: string[],
  index: number,
  method: string,
  values: string[],
): Match<T> | undefined {
  const segment = segments[index];
  if (segment === undefined) return undefined;
  const fixed = at.fixed.get(segment);
  const deeper =
    (fixed && findGreedy(fixed, segments, index + 1, method, values)) ??
    (at.variable && segment !== ''
      ? findGreedy(at.variable, segments, index + 1, method, [...values, segment])
      : undefined);
  if (deeper) return deeper;
  const rest = segments.slice(index).join('/');
  return rest === '' ? undefined : makeMatch(at.greedy, method, [...values, rest]);
}

function makeMatch<T>(leaves: Leaves<T>, method: string, values: string[]): Match<T> | undefined {
  const leaf = leaves.get(method) ?? leaves.get('ANY');
  if (!leaf) return undefined;
  const { target, routeKey, names } = leaf;
  if (names.length === 0) return { target, routeKey, parameters: undefined };
  const pairs = names.map((name, i) => [name, decode(values[i] ?? '')] as const);
  return { target, routeKey, parameters: Object.fromEntries(pairs) };
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not a valid escape sequence: the function gets it as it was sent, and rejects it
  }
}
