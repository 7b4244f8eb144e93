import { expect, test } from 'vitest';
import type { Entity } from '../../src/data/entity.ts';
import type { Field } from '../../src/data/shape.ts';
import { times } from '../harness/times.ts';
import type { Held, Problem } from './held.ts';

/** Changing and deleting, under If-Match and without. */
export function changes(held: Held): void {
  const { entity, at, make, someone, crowd, change, patches, removes, stored, pages } = held;

  if (patches) {
    test('PATCH answers what is stored now under a new ETag', async () => {
      const alice = await someone();
      const doc = await make(alice);
      const before = await alice.get(at(doc));
      const changed = await alice.patch(at(doc), change);
      expect(changed).toMatchObject({ status: 200, body: change });
      expect(changed.headers.get('etag')).not.toBe(before.headers.get('etag'));
      const after = await alice.get(at(doc));
      expect(after.body).toEqual(changed.body);
      expect(after.headers.get('etag')).toBe(changed.headers.get('etag'));
      expect(after.body).toEqual({
        ...before.body,
        ...change,
        updatedAt: after.body.updatedAt,
      });
    });

    test('a stale If-Match is answered with 412 and writes nothing; a current one and * succeed', async () => {
      const alice = await someone();
      const doc = await make(alice);
      const first = (await alice.get(at(doc))).headers.get('etag') as string;
      await alice.patch(at(doc), change);
      const before = await stored(doc);
      for (const tag of [first, '"nonsense"', '""', 'x']) {
        const stale = await alice.patch<Problem>(at(doc), change, { 'if-match': tag });
        expect(stale).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
      }
      expect(await stored(doc)).toEqual(before);
      const current = (await alice.get(at(doc))).headers.get('etag') as string;
      for (const tag of [`"9999", ${current}`, '*']) {
        expect((await alice.patch(at(doc), change, { 'if-match': tag })).status).toBe(200);
      }
    });

    test(`of ${crowd} PATCHes at once with one ETag, one succeeds and the others answer 412`, async () => {
      const alice = await someone();
      const doc = await make(alice);
      const etag = (await alice.get(at(doc))).headers.get('etag') as string;
      const answers = await Promise.all(
        times(crowd, () => alice.patch(at(doc), change, { 'if-match': etag })),
      );
      const statuses = answers.map((a) => a.status).toSorted();
      expect(statuses).toEqual([200, ...times(crowd - 1, () => 412)]);
    });

    const text = optionalText(entity);
    if (text) {
      test('null removes an optional field, and is refused for a required one', async () => {
        const alice = await someone();
        const doc = await make(alice);
        const set = await alice.patch(at(doc), { [text]: 'Something' });
        expect(set.body[text]).toBe('Something');
        const unset = await alice.patch(at(doc), { [text]: null });
        expect(unset.status).toBe(200);
        expect(unset.body).not.toHaveProperty(text);
        expect((await alice.get(at(doc))).body).not.toHaveProperty(text);
      });
    }
    const needed = Object.entries(entity.shape.fields).filter(
      ([, f]) => f.required && !f.server && !f.immutable && !f.hidden,
    );
    if (needed.length > 0) {
      test('null for a required field is refused', async () => {
        const alice = await someone();
        const doc = await make(alice);
        for (const [name] of needed) {
          const answer = await alice.patch<Problem>(at(doc), { [name]: null });
          expect(answer.status, name).toBe(422);
          expect(new Set(answer.body.errors.map((e) => e.path))).toEqual(new Set([name]));
        }
      });
    }
  }

  if (removes) {
    test('DELETE under a stale If-Match deletes nothing; then 204, then 404', async () => {
      const alice = await someone();
      const doc = await make(alice);
      const stale = await alice.delete(at(doc), { 'if-match': '"9999"' });
      expect(stale.status).toBe(412);
      expect((await alice.get(at(doc))).status).toBe(200);
      expect(await alice.delete(at(doc))).toMatchObject({ status: 204, text: '' });
      expect((await alice.delete(at(doc))).status).toBe(404);
      expect((await alice.get(at(doc))).status).toBe(404);
      const { body } = await pages(alice, 'limit=100');
      expect(body.data.map((d) => d.id)).not.toContain(doc.id);
    });
  }
}

function optionalText(entity: Entity): string | undefined {
  const fits = (f: Field) =>
    !f.server && !f.hidden && !f.immutable && !f.required && f.shape.kind === 'string';
  const free = ([, f]: [string, Field]) =>
    fits(f) && f.shape.kind === 'string' && !f.shape.enum && !f.shape.match;
  return Object.entries(entity.shape.fields).find(free)?.[0];
}
