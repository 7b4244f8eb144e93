import type { HttpRoute } from '../deployment/types.ts';

/** The route a request took, and what its variables stand for. */
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

// What API Gateway's `ANY` stands for.
const methods = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * Chooses as an HTTP API does: a full match before a greedy one, both before `$default`; a fixed
 * segment before a variable, a longer greedy path before a shorter, a method before `ANY`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function router<T>(routes: { route: HttpRoute; target: T }[]): Router<T> {
  const top = node<T>();
  let fallback: Leaf<T> | undefined;
  for (const { route, target } of routes) {
    if (route.path === '$default') fallback = { target, routeKey: '$default', names: [] };
    else add(top, route, target);
  }

  return (method, path) => {
    if (!methods.has(method)) return undefined;
    const segments = path.split('/');
    const exact = full(top, segments, 1, method, []);
    if (exact) return exact;
    const found = greedy(top, segments, 1, method, []);
    if (found) return found;
    return fallback && { target: fallback.target, routeKey: '$default', parameters: undefined };
  };
}

function node<T>(): Node<T> {
  return { fixed: new Map(), here: new Map(), greedy: new Map() };
}

function add<T>(top: Node<T>, { method, path }: HttpRoute, target: T): void {
  const names: string[] = [];
  let current = top;
  let leaves: Leaves<T> | undefined;
  for (const segment of path.split('/').slice(1)) {
    const name = /^\{(.+?)(\+?)\}$/.exec(segment);
    if (!name?.[1]) {
      const next = current.fixed.get(segment) ?? node<T>();
      current.fixed.set(segment, next);
      current = next;
      continue;
    }
    names.push(name[1]);
    if (name[2]) leaves = current.greedy;
    else {
      current.variable ??= node<T>();
      current = current.variable;
    }
  }
  (leaves ?? current.here).set(method, { target, routeKey: `${method} ${path}`, names });
}

function full<T>(
  at: Node<T>,
  segments: string[],
  index: number,
  method: string,
  values: string[],
): Match<T> | undefined {
  const segment = segments[index];
  if (segment === undefined) return match(at.here, method, values);
  const fixed = at.fixed.get(segment);
  const found = fixed && full(fixed, segments, index + 1, method, values);
  if (found || !at.variable || segment === '') return found;
  return full(at.variable, segments, index + 1, method, [...values, segment]);
}

function greedy<T>(
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
    (fixed && greedy(fixed, segments, index + 1, method, values)) ??
    (at.variable && segment !== ''
      ? greedy(at.variable, segments, index + 1, method, [...values, segment])
      : undefined);
  if (deeper) return deeper;
  const rest = segments.slice(index).join('/');
  return rest === '' ? undefined : match(at.greedy, method, [...values, rest]);
}

function match<T>(leaves: Leaves<T>, method: string, values: string[]): Match<T> | undefined {
  const leaf = leaves.get(method) ?? leaves.get('ANY');
  if (!leaf) return undefined;
  const { target, routeKey, names } = leaf;
  if (names.length === 0) return { target, routeKey, parameters: undefined };
  const pairs = names.map((name, i) => [name, decoded(values[i] ?? '')] as const);
  return { target, routeKey, parameters: Object.fromEntries(pairs) };
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no valid escape: the function sees what was sent and refuses it
  }
}
