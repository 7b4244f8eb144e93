import { expect, test } from 'vitest';
import { listCombinations } from '../../src/api/resource/list.ts';
import { UUID } from '../../src/data/ids.ts';
import { adminCollection } from '../harness/admin.ts';
import type { Doc } from '../harness/given.ts';
import { type Held, newText } from './held.ts';

/** Lists: bounds, filters, sorts, cursors, ranges. */
export function lists(held: Held): void {
  const { entity, make, someone, isPersonal, pages, refusal } = held;
  if (!held.lists) return;

  test('a page has 1 to 100 items, 20 unless asked', async () => {
    const alice = await someone();
    await make(alice);
    for (const limit of ['0', '101', '-1', '1.5', 'x', '', '1e1', '٣']) {
      const refused = await refusal(alice, `limit=${limit}`);
      expect(refused, limit).toMatchObject({ status: 400, body: { code: 'INVALID_QUERY' } });
      expect(refused.body.errors[0]?.path).toBe('limit');
    }
    for (const limit of [1, 100]) {
      const { body } = await pages(alice, `limit=${limit}`);
      expect(body.data.length).toBeLessThanOrEqual(limit);
      expect(body.data.length).toBeGreaterThan(0);
    }
    expect((await refusal(alice, 'limit=1&limit=2')).status).toBe(400);
  });

  test('each declared filter and sort answers the matching documents in order', async () => {
    const alice = await someone();
    const doc = await make(alice);
    for (const { equals, sort } of listCombinations(entity, held.rule)) {
      const filters = equals.map((name) => `${name}=${encodeURIComponent(String(doc[name]))}`);
      for (const direction of ['', '-']) {
        const query = [...filters, `sort=${direction}${sort}`, 'limit=100'].join('&');
        const { status, body } = await pages(alice, query);
        expect(status, query).toBe(200);
        expect(body.data.map((d) => d.id)).toContain(doc.id);
        for (const item of body.data) {
          for (const name of equals) expect(item[name]).toEqual(doc[name]);
        }
        const values = body.data.map((d) => String(d[sort]));
        const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(values).toEqual(direction ? sorted.reverse() : sorted);
      }
    }
  });

  test('any other filter or sort is refused with 400 and the names of those that exist', async () => {
    const alice = await someone();
    const combinations = listCombinations(entity, held.rule);
    const filters = new Set(combinations.flatMap((c) => c.equals));
    const sorts = new Set(combinations.map((c) => c.sort));
    const names = Object.keys(entity.shape.fields).map((n) => (n === '_id' ? 'id' : n));
    for (const name of [...names, 'nonsense', 'user'].filter((n) => !filters.has(n))) {
      // Of the right type, so that the filter is the only fault.
      const value = entity.shape.fields[name]?.shape.kind === 'id' ? newText() : 'x';
      const refused = await refusal(alice, `${name}=${value}`);
      expect(refused, name).toMatchObject({ status: 400, body: { code: 'INVALID_QUERY' } });
      for (const known of filters) expect(refused.body.detail).toContain(known);
    }
    for (const name of [...names, 'nonsense', '', '-', '--createdAt']) {
      if (sorts.has(name)) continue;
      const refused = await refusal(alice, `sort=${name}`);
      expect(refused, name).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'sort' }] },
      });
      for (const known of sorts) expect(refused.body.detail).toContain(known);
    }
    for (const bad of ['createdAt[gte]=yesterday', 'createdAt[regex]=x', '$where=1', 'a[b][c]=1']) {
      expect((await refusal(alice, bad)).status, bad).toBe(400);
    }
  });

  test('a cursor is valid only unchanged, and only for its own user, filter and sort', async () => {
    const [alice, bob] = await Promise.all([someone(), someone()]);
    await make(alice);
    await make(alice);
    await make(bob);
    const cursor = (await pages(alice, 'limit=1')).body.nextCursor as string;
    expect(cursor).toBeTruthy();
    expect((await pages(alice, `limit=1&cursor=${cursor}`)).status).toBe(200);
    const [payload = '', mac] = cursor.split('.');
    const position = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const moved = Buffer.from(JSON.stringify(['2000-01-01T00:00:00.000Z', position[1]]));
    const forged = [
      `${moved.toString('base64url')}.${mac}`,
      `${payload}.`,
      payload,
      `${cursor}x`,
      `${cursor}.x`,
      `x${cursor}`,
      'nonsense',
      '',
    ];
    for (const bad of forged) {
      const refused = await refusal(alice, `limit=1&cursor=${encodeURIComponent(bad)}`);
      expect(refused, bad).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'cursor' }] },
      });
    }
    const since = 'createdAt[gte]=2000-01-01';
    for (const other of ['sort=createdAt', since]) {
      expect((await refusal(alice, `${other}&cursor=${cursor}`)).status, other).toBe(400);
    }
    // What is nobody's is the same list for all who may read it.
    expect((await refusal(bob, `cursor=${cursor}`)).status).toBe(isPersonal ? 400 : 200);
  });

  test('paging answers each item exactly once while others are added, also where sort values are equal', async () => {
    const alice = await someone();
    const docs: Doc[] = [];
    for (let n = 0; n < 5; n++) docs.push(await make(alice));
    const all = (await pages(alice, 'limit=100')).body.data.map((d) => d.id);
    // Three of them, and half of what is added meanwhile, came at the same millisecond.
    const tied = new Date(docs[2]?.createdAt as string);
    const tie = (some: { id: string }[]) =>
      adminCollection(entity).updateMany(
        { _id: { $in: some.map((d) => new UUID(d.id)) } },
        { $set: { createdAt: tied } },
      );
    await tie(docs.slice(1, 4));
    for (const sort of ['-createdAt', 'createdAt']) {
      const seen: string[] = [];
      let query = `limit=2&sort=${sort}`;
      for (let page = 0; ; page++) {
        const { body } = await pages(alice, query);
        seen.push(...body.data.map((d) => d.id));
        if (body.nextCursor === null) break;
        query = `limit=2&sort=${sort}&cursor=${encodeURIComponent(body.nextCursor)}`;
        if (page < 3) {
          const added = await make(alice);
          if (page % 2) await tie([added]);
        }
      }
      expect(new Set(seen).size, sort).toBe(seen.length);
      expect(seen, sort).toEqual(expect.arrayContaining(all));
    }
  });

  test('a range of createdAt answers what lies in it, through all pages', async () => {
    const alice = await someone();
    const docs: Doc[] = [];
    for (let n = 0; n < 5; n++) docs.push(await make(alice));
    for (const [n, doc] of docs.entries()) {
      const createdAt = new Date(Date.UTC(2001, 0, 1 + n));
      await adminCollection(entity).updateOne({ _id: new UUID(doc.id) }, { $set: { createdAt } });
    }
    const within = async (query: string) => {
      const found: number[] = [];
      let cursor = '';
      do {
        const { status, body } = await pages(alice, `limit=2&${query}${cursor}`);
        expect(status, query).toBe(200);
        found.push(...body.data.map((d) => docs.findIndex((made) => made.id === d.id)));
        cursor = body.nextCursor ? `&cursor=${encodeURIComponent(body.nextCursor)}` : '';
      } while (cursor);
      return found;
    };
    const end = 'createdAt[lt]=2002-01-01';
    expect(await within(end)).toEqual([4, 3, 2, 1, 0]);
    expect(await within(`${end}&createdAt[gte]=2001-01-03`)).toEqual([4, 3, 2]);
    expect(await within(`${end}&createdAt[gt]=2001-01-03&sort=createdAt`)).toEqual([3, 4]);
    expect(await within('createdAt[lte]=2001-01-02T00:00:00.000Z')).toEqual([1, 0]);
    expect(await within('createdAt[lte]=2001-01-02T01:00:00%2B01:00')).toEqual([1, 0]);
    expect(await within('createdAt[lt]=2001-01-03&sort=createdAt')).toEqual([0, 1]);
  });
}
