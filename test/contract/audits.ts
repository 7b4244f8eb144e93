import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { type Doc, given } from '../harness/given.ts';
import { isServed } from '../harness/place.ts';
import { until } from '../harness/until.ts';
import { type Held, newText, type Page } from './held.ts';

/** The audit events of writes. */
export function audits(held: Held): void {
  const { entity, isSingle, isOwned, someone, at, make, change, patches, creates, removes } = held;
  if (entity.options.audited === false || !(patches || creates || removes)) return;
  test('each write is audited once within 5 s, without secrets, and a failed one never', async () => {
    const [alice, mallory] = await Promise.all([someone(), given.user()]);
    const doc = await make(alice);
    const before = (await alice.get(at(doc))).body;
    const events = async () => {
      const found = await alice.get<Page>(
        `/v1/audit-events?document=${doc.id}&sort=createdAt&limit=100`,
      );
      return found.body.data;
    };
    const of = (all: Doc[], action: string) => all.filter((e) => e.action === action);
    if (patches) {
      await alice.patch(at(doc), { id: 'x' });
      await alice.patch(at(doc), change, { 'if-match': '"9999"' });
      if (!isSingle) await mallory.patch(at(doc), change);
    }
    if (!isSingle) await mallory.delete(at(doc));
    const requestId = newText();
    const asked = { 'x-request-id': requestId };
    if (patches) expect((await alice.patch(at(doc), change, asked)).status).toBe(200);
    if (removes) expect((await alice.delete(at(doc), asked)).status).toBe(204);
    const last = removes ? 'delete' : patches ? 'update' : 'create';
    const seen = await until(
      'the write is audited',
      async () => {
        // Where no worker is rung, nobody else does.
        if (!isServed()) await appendToChain(systemCtx('test'));
        const all = await events();
        return of(all, last).length > 0 && all;
      },
      5000,
    );
    const common = {
      actor: { kind: isOwned || isSingle ? 'USER' : 'ADMIN', id: alice.id },
      entity: entity.name,
      document: doc.id,
      requestId,
    };
    if (patches) {
      const [update, ...more] = of(seen, 'update');
      expect(more).toEqual([]);
      expect(update).toMatchObject(common);
      expect(update?.changes).toEqual(
        Object.fromEntries(Object.entries(change).map(([k, v]) => [k, [before[k] ?? null, v]])),
      );
    }
    if (removes) {
      const [deletion, ...more] = of(seen, 'delete');
      expect(more).toEqual([]);
      expect(deletion).toMatchObject(common);
    }
    if (creates) {
      const [creation, ...more] = of(seen, 'create');
      expect(more).toEqual([]);
      expect(creation).toMatchObject(
        isOwned ? { changes: { user: [null, alice.id] } } : { actor: common.actor },
      );
    }
    const hidden = Object.entries(entity.shape.fields).flatMap(([n, f]) => (f.hidden ? [n] : []));
    for (const event of seen) {
      for (const name of hidden) expect(event.changes).not.toHaveProperty(name);
    }
  });
}
