import type { JsonSchema, Route } from '../http/route.ts';

/**
 * The OpenAPI links of an answer: from a created or listed document to the operations of that
 * document.
 */
export function describeLinks(
  { method, path }: Route,
  status: number,
  routes: Route[],
): JsonSchema | undefined {
  const isOfMany = method === 'GET' || method === 'POST';
  if (!isOfMany || status >= 300 || path.includes('{')) return undefined;
  const id = method === 'GET' ? '$response.body#/data/0/id' : '$response.body#/id';
  const links = routes
    .filter((r) => r.path === `${path}/{id}` || r.path.startsWith(`${path}/{id}/`))
    .filter((r) => r.path.lastIndexOf('{') === path.length + 1)
    .map((r) => [r.id, { operationId: r.id, parameters: { id } }]);
  return links.length > 0 ? Object.fromEntries(links) : undefined;
}
