import { expect, test } from 'vitest';
import type { Held, Problem } from './held.ts';

/** Reading one: ETags, and views of it. */
export function reads(held: Held): void {
  const { entity, include, at, make, someone, lists, pages } = held;

  test('GET answers an ETag, and If-None-Match with it 304 without a body', async () => {
    const alice = await someone();
    const doc = await make(alice);
    const { status, headers } = await alice.get(at(doc));
    const etag = headers.get('etag') as string;
    expect(status).toBe(200);
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(headers.get('cache-control')).toBe('no-store');
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await alice.get(at(doc), { 'if-none-match': given });
      expect(again).toMatchObject({ status: 304, text: '' });
      expect(again.headers.get('etag')).toBe(etag);
    }
    expect((await alice.get(at(doc), { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('?fields= answers only the fields asked for, and names those that do not exist', async () => {
    const alice = await someone();
    const doc = await make(alice);
    const { body } = await alice.get(`${at(doc)}?fields=createdAt`);
    expect(body).toEqual({ id: doc.id, createdAt: doc.createdAt });
    const fields = Object.entries(entity.shape.fields);
    const shown = fields.flatMap(([, f]) => (f.hidden ? [] : [f.publicName]));
    const hidden = fields.flatMap(([n, f]) => (f.hidden && !shown.includes(n) ? [n] : []));
    for (const name of ['nonsense', ...hidden, '_id']) {
      const refused = await alice.get<Problem>(`${at(doc)}?fields=id,${name}`);
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'fields' }] } });
      expect(refused.body.detail).toContain(name);
    }
    if (lists) {
      const page = await pages(alice, 'fields=createdAt');
      for (const item of page.body.data) {
        expect(Object.keys(item).toSorted()).toEqual(['createdAt', 'id']);
      }
    }
  });

  if (include.length > 0) {
    test('?include= answers the referred document in place of its id, and children as an array', async () => {
      const alice = await someone();
      const doc = await make(alice);
      for (const name of include) {
        const { status, body } = await alice.get(`${at(doc)}?include=${name}`);
        expect(status).toBe(200);
        const held = doc[name];
        if (typeof held === 'string') expect(body[name], name).toMatchObject({ id: held });
        // A reference to nothing stays nothing; of what refers to it, there may be none.
        else if (name in entity.shape.fields) expect(body).not.toHaveProperty(name);
        else expect(typeof body[name], name).toBe('object');
      }
      const all = await alice.get(`${at(doc)}?include=${include.join(',')}&fields=id`);
      const there = include.filter((name) => name in doc || !(name in entity.shape.fields));
      expect(Object.keys(all.body).toSorted()).toEqual(['id', ...there].toSorted());
      const refused = await alice.get<Problem>(`${at(doc)}?include=nonsense`);
      expect(refused.status).toBe(400);
      for (const name of include) expect(refused.body.detail).toContain(name);
    });
  }
}
