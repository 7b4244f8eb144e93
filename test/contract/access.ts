import { expect, test } from 'vitest';
import { call, given } from '../harness/given.ts';
import { anonymous, type Held, type Json, newText } from './held.ts';

/** Who gets in: the routes, documented; signed in alone; strangers see nothing. */
export function access(held: Held): void {
  const { routes, isSingle, make, change, stored, pages } = held;

  test('every route is in the OpenAPI document', async () => {
    const { body } = await call<{ paths: Record<string, Json> }>('GET', '/v1/openapi.json');
    for (const route of routes) {
      expect(body.paths[route.path]?.[route.method.toLowerCase()]).toMatchObject({
        operationId: route.id,
        security: [{ bearer: [] }],
      });
    }
  });

  test('without a good token, every route answers 401 and says how to sign in', async () => {
    const alice = await given.user();
    const [head, payload, signature = ''] = alice.token.split('.');
    const forged = `${head}.${payload}.${signature.slice(0, -4)}AAAA`;
    for (const token of [undefined, 'nonsense', forged]) {
      for (const route of routes) {
        const answer = await call(route.method, filled(route.path, newText()), { token });
        expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });

  test('another method answers 405 and says which there are', async () => {
    const alice = await given.user();
    for (const where of new Set(routes.map((r) => r.path))) {
      const offered = routes.filter((r) => r.path === where).map((r) => r.method as string);
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        if (offered.includes(method)) continue;
        const answer = await alice.call(method, filled(where, newText()));
        expect(answer, `${method} ${where}`).toMatchObject({ status: 405 });
        const allow = answer.headers.get('allow')?.split(', ') ?? [];
        expect(allow.toSorted()).toEqual([...offered, 'OPTIONS'].toSorted());
      }
    }
  });

  if (!isSingle) {
    test("a stranger's document is read, changed and deleted exactly as a missing one", async () => {
      const [alice, mallory] = await Promise.all([given.user(), given.user()]);
      const hers = await make(alice);
      const before = await stored(hers);
      for (const route of routes.filter((r) => r.path.includes('{id}'))) {
        const body = route.body && route.method === 'PATCH' ? change : undefined;
        for (const headers of [undefined, { 'if-match': '"1"' }]) {
          const [real, missing] = await Promise.all(
            [hers.id, newText()].map((id) =>
              mallory.call(route.method, filled(route.path, id), body, headers),
            ),
          );
          expect(real?.status, `${route.method} ${route.path}`).toBe(404);
          expect(anonymous(real)).toEqual(anonymous(missing));
        }
      }
      expect(await stored(hers)).toEqual(before);
      const { body } = await pages(mallory, 'limit=100');
      expect(body.data.map((d) => d.id)).not.toContain(hers.id);
    });
  }
}

function filled(path: string, id: string): string {
  return path.replace('{id}', id).replace('{name}', 'waveform');
}
