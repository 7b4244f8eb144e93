import { expect, test } from 'vitest';
import type { Route } from '../../src/api/http/route.ts';
import { bodySchema } from '../../src/api/openapi/body-schema.ts';
import { makeExample } from '../../src/api/openapi/examples.ts';
import { call, given } from '../harness/given.ts';
import { anonymous, type Held, type Json, newText } from './held.ts';

/** Who gets in: the routes, documented; signed in alone; strangers see nothing. */
export function access(held: Held): void {
  const { routes, isSingle, isOpen, someone, make, change, stored, pages } = held;
  const guarded = routes.filter((r) => r.access !== 'anyone');

  test('every route is in the OpenAPI document', async () => {
    const { body } = await call<{ paths: Record<string, Json> }>('GET', '/v1/openapi.json');
    for (const route of routes) {
      expect(body.paths[route.path]?.[route.method.toLowerCase()]).toMatchObject({
        operationId: route.id,
        security: route.access === 'anyone' ? [] : [{ bearer: [] }],
      });
    }
  });

  test('without a valid token, every route answers 401 and says how to sign in', async () => {
    const alice = await given.user();
    const [head, payload, signature = ''] = alice.token.split('.');
    const forged = `${head}.${payload}.${signature.slice(0, -4)}AAAA`;
    for (const token of [undefined, 'nonsense', forged]) {
      for (const route of guarded) {
        const answer = await call(route.method, filled(route.path, newText()), { token });
        expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });

  const forAdmins = guarded.filter((r) => r.access === 'admin');
  if (forAdmins.length > 0) {
    test('a document for administrators is answered with 403 to all others, whether or not it exists', async () => {
      const [alice, person] = await Promise.all([given.user(), someone()]);
      const doc = await make(person);
      const before = await stored(doc);
      for (const route of forAdmins) {
        for (const id of [doc.id, newText()]) {
          const answer = await alice.call(route.method, filled(route.path, id), goodBody(route));
          expect(answer, `${route.method} ${route.path}`).toMatchObject({
            status: 403,
            body: { code: 'FORBIDDEN' },
          });
        }
      }
      expect(await stored(doc)).toEqual(before);
    });
  }

  test('another method is refused with 405 and the names of the allowed ones', async () => {
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

  const ofOne = guarded.filter((r) => r.path.includes('{id}') && r.access === 'user');
  if (!isSingle && !isOpen && ofOne.length > 0) {
    test("reading, changing or deleting another user's document is answered exactly like a missing one", async () => {
      const [alice, mallory] = await Promise.all([someone(), given.user()]);
      const hers = await make(alice);
      const before = await stored(hers);
      for (const route of ofOne) {
        const body = route.method === 'PATCH' ? change : goodBody(route);
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

/** A path with its parameters filled in. */
export function filled(path: string, id: string): string {
  return path.replace('{id}', id).replace('{name}', 'waveform');
}

/** A body that passes the route's schema, where it takes one. */
export function goodBody(route: Route): unknown {
  return route.body && (route.example ?? makeExample(bodySchema(route.body)));
}
