import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { served } from '../../scripts/served.ts';
import { filled, goodBody } from '../contract/access.ts';
import { isPlanned, newText, type Problem } from '../contract/held.ts';
import { call, given } from '../harness/given.ts';
import { stored } from '../harness/stored.ts';

const planned = Object.values(served).flatMap(({ routes, entity }) =>
  routes.filter(isPlanned).map((r) => [`${r.method} ${r.path}`, r, entity] as const),
);

describe.concurrent('an operation that is not implemented yet checks its input and answers 501:', () => {
  test.each(planned)('%s', async (_, route, entity) => {
    const person = await (route.access === 'admin' ? given.admin() : given.user());
    const ask = (id: string, body: unknown) => {
      const token = route.access === 'anyone' ? undefined : person.token;
      return call<Problem>(route.method, filled(route.path, id), { token, body });
    };
    const good = goodBody(route);
    const isOfOne = route.path.includes('{id}') && entity !== undefined;
    const id = isOfOne ? await stored(entity, person) : newText();
    expect(await ask(id, good)).toMatchObject({ status: 501, body: { code: 'NOT_IMPLEMENTED' } });
    if (isOfOne) expect((await ask(newText(), good)).status).toBe(404);
    if (route.body) {
      const refused = await ask(id, { ...(good as object), nonsense: 1 });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'nonsense' }] } });
    }
  });
});
