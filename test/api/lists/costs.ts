import '../../harness/place.ts';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDomains } from '../../../scripts/docs/registry.ts';
import { resources } from '../../../scripts/served.ts';
import { limitChildren, makeLookups, readIncludes } from '../../../src/api/resource/include.ts';
import { compileList, listCombinations } from '../../../src/api/resource/list.ts';
import type { Actor } from '../../../src/context.ts';
import type { Entity } from '../../../src/data/entity.ts';
import type { TypedFilter } from '../../../src/data/filter.ts';
import { newId, UUID } from '../../../src/data/ids.ts';
import { getReaders } from '../../../src/data/readers.ts';
import { User } from '../../../src/models/account/user.ts';
import { Payment } from '../../../src/models/billing/payment.ts';
import { ComfyUIExecutionLog } from '../../../src/models/generation/comfyui/execution-log.ts';
import { Stat } from '../../../src/models/metering/stat.ts';
import { WebhookDelivery } from '../../../src/models/webhooks/webhook-delivery.ts';
import type { Rule } from '../../../src/rules.ts';
import { adminCollection } from '../../harness/admin.ts';
import { routes } from '../../harness/operations.ts';
import { askedFor, fill, ME } from '../../harness/rows.ts';

const me: Actor = { kind: 'USER', id: ME, session: newId(1) };
const adminToo: Actor = { ...me, kind: 'ADMIN' };

/** The lists of the API: by the path of each, whose documents, narrowed to what. */
export const lists = new Map<string, { entity: Entity; rules: TypedFilter[] }>(
  resources.map(({ entity, options }) => [
    options.path,
    { entity, rules: rulesOf(options.can.read) },
  ]),
);
const children = (entity: Entity, path: string) => ({
  entity,
  rules: [{ user: ME, [path]: askedFor(entity, path).many }],
});
lists.set('/v1/users', { entity: User as Entity, rules: [{}] });
lists.set('/v1/admin/payments', { entity: Payment as Entity, rules: [{}] });
lists.set('/v1/stats', { entity: Stat as Entity, rules: [{ user: ME }] });
lists.set('/v1/admin/stats', { entity: Stat as Entity, rules: [{ user: { $exists: false } }] });
lists.set('/v1/comfyui/executions/{id}/logs', children(ComfyUIExecutionLog as Entity, 'execution'));
lists.set('/v1/webhook-endpoints/{id}/deliveries', children(WebhookDelivery as Entity, 'endpoint'));

/** What a rule asks of me as a user and as an admin, each once. */
function rulesOf(rule: Rule): TypedFilter[] {
  const all = [rule(me), rule(adminToo)].filter((f) => f !== undefined);
  return [...new Map(all.map((f) => [JSON.stringify(f), f])).values()];
}

/** The domains that have a file of their own beside this one; all others share `others.test.ts`. */
const APART = readdirSync(import.meta.dirname).map((file) => basename(file, '.test.ts'));

const domains = readDomains(fileURLToPath(new URL('../../../', import.meta.url)));

/** Looks at the lists of one domain, each full of documents: what a page costs is what it shows. */
export function listsAreCheap(domain: string): void {
  if (!APART.includes(domain)) throw new Error(`${domain}.test.ts is where its lists belong.`);
  costs(domains.filter(({ name }) => name === domain).flatMap(({ entities }) => entities));
}

/** Looks at the lists of every domain that has no file of its own. */
export function allOtherListsAreCheap(): void {
  costs(domains.filter(({ name }) => !APART.includes(name)).flatMap(({ entities }) => entities));
}

function costs(entities: Entity[]): void {
  const byEntity = entities
    .map((entity) => [entity, [...lists.values()].filter((l) => l.entity === entity)] as const)
    .filter(([, of]) => of.length > 0)
    .map(([entity, of]) => [entity.name, entity, of.flatMap(({ rules }) => rules)] as const);

  describe.each(byEntity)('of 10,000 documents of %s', (_name, entity, rules) => {
    beforeAll(() => fill(entity));
    afterAll(() => adminCollection(entity).drop());

    test('every filter and sort that is offered reads only the documents of its page, by an index', async () => {
      const wrong: string[] = [];
      let asked = 0;
      for (const rule of rules) {
        for (const query of queriesOf(entity, rule)) {
          for (const page of await pagesOf(entity, rule, query)) {
            asked++;
            const cost = await costOf(entity, rule, page);
            if (cost.faults.length > 0) {
              wrong.push(`${JSON.stringify(rule)} ${[...query]}: ${cost.faults.join(', ')}`);
            }
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(asked).toBeGreaterThanOrEqual(4);
    });

    test('every relation that includes some of them reads them by an index', async () => {
      const wrong: string[] = [];
      for (const { parent, include } of includesOf(entity)) {
        const faults = await includeCost(parent, include, entity);
        if (faults.length > 0)
          wrong.push(`${parent.name}?include=${include}: ${faults.join(', ')}`);
      }
      expect(wrong).toEqual([]);
    });
  });
}

type Query = Map<string, string>;

/** Every combination of filter and sort, both ways: one value that many have, or few, some values, a range. */
function* queriesOf(entity: Entity, rule: TypedFilter): Generator<Query> {
  for (const { equals, sort } of listCombinations(entity, rule)) {
    const filters = [
      equals.map((name) => [name, text(askedFor(entity, name).many)] as const),
      ...(equals.length > 0
        ? [
            equals.map((name) => [name, text(askedFor(entity, name).few)] as const),
            equals.map((name) => {
              const { many, few } = askedFor(entity, name);
              return [`${name}[in]`, `${text(many)},${text(few)}`] as const;
            }),
          ]
        : []),
    ];
    const shape = entity.shape.fields[sort]?.shape;
    const [from, to] =
      shape?.kind === 'date'
        ? ['2026-01-01T00:10:00Z', '2026-01-01T00:20:00Z']
        : ['v0001', 'v0012'];
    const range = [
      [`${sort}[gte]`, from as string] as const,
      [`${sort}[lt]`, to as string] as const,
    ];
    for (const minus of ['', '-']) {
      for (const filter of filters) {
        yield new Map([...filter, ['sort', `${minus}${sort}`]]);
        yield new Map([...filter, ...range, ['sort', `${minus}${sort}`]]);
      }
    }
  }
}

/** The first page of a list and, where there is one, the second. */
async function pagesOf(entity: Entity, rule: TypedFilter, query: Query): Promise<Query[]> {
  const { filter, sort, limit, cursorAfter } = compileList(entity, rule, query);
  const found = await entity.collection.find(filter, { sort, limit }).toArray();
  const last = found.length === limit ? found.at(-1) : undefined;
  return last ? [query, new Map([...query, ['cursor', cursorAfter(last)]])] : [query];
}

interface Execution {
  nReturned: number;
  totalKeysExamined: number;
  totalDocsExamined: number;
}

async function costOf(entity: Entity, rule: TypedFilter, query: Query) {
  const { filter, sort, limit, hint } = compileList(entity, rule, query);
  const options = { sort, limit: limit + 1, ...(hint && { hint }) };
  const plan = await entity.collection.find(filter, options).explain('executionStats');
  const { nReturned, totalKeysExamined, totalDocsExamined }: Execution = plan.executionStats;
  const stages = [...JSON.stringify(plan.queryPlanner.winningPlan).matchAll(/"stage":"(\w+)"/g)];
  const found = new Set(stages.map(([, stage]) => stage));
  const most = 1.2 * nReturned + 1;
  const faults = ['COLLSCAN', 'SORT'].filter((stage) => found.has(stage));
  if (totalKeysExamined > most) faults.push(`${totalKeysExamined} keys for ${nReturned}`);
  if (totalDocsExamined > most) faults.push(`${totalDocsExamined} documents for ${nReturned}`);
  return { faults };
}

/** Who includes documents of an entity, and by which name. */
function includesOf(entity: Entity): { parent: Entity; include: string }[] {
  const offered = [
    ...resources.map(({ entity: parent, options }) => ({ parent, names: options.include ?? [] })),
    { parent: User as Entity, names: includesOfMe() },
  ];
  return offered.flatMap(({ parent, names }) =>
    names
      .filter((include) => {
        const [relation] = readIncludes(parent, names, include);
        // Addresses are made of the document itself.
        return relation?.to === entity && relation.kind !== 'urls';
      })
      .map((include) => ({ parent, include })),
  );
}

function includesOfMe(): string[] {
  const query = routes.find((r) => r.id === 'getMe')?.query ?? [];
  const { schema } = query.find((p) => p.name === 'include') ?? {};
  const { items } = schema as { items: { enum: string[] } };
  return items.enum.filter((name) => !name.includes('.'));
}

interface Looked {
  $lookup?: object;
  totalKeysExamined: number | bigint;
  totalDocsExamined: number | bigint;
  collectionScans: number | bigint;
  nReturned: number | bigint;
}

/** What is examined to include documents of a full collection in one document. */
async function includeCost(parent: Entity, include: string, entity: Entity): Promise<string[]> {
  const [relation] = readIncludes(parent, [include], include);
  if (!relation) throw new Error(`${parent.name} includes no ${include}.`);
  const faults: string[] = [];
  const rule = getReaders(entity)(adminToo) as TypedFilter;
  if (relation.kind === 'many' && !(relation.path in rule)) {
    // What is more than an answer takes is listed by this parent.
    const goesOn = listCombinations(entity, rule).some((c) => c.equals.join() === relation.path);
    if (!goesOn) faults.push(`no list goes on by ${relation.path}`);
  }
  const some = await entity.collection.findOne({ ...(entity.shape.fields.user && { user: ME }) });
  const isReverse = relation.kind !== 'reference';
  const key = relation.path === 'user' ? ME : askedFor(entity, relation.path).many;
  const _id = isReverse ? (key as UUID) : newId(2);
  const document = { _id, user: ME, ...(!isReverse && { [relation.path]: some?._id }) };
  const isThere = await parent.collection.findOne({ _id });
  const raw = { bypassDocumentValidation: true };
  if (!isThere) await adminCollection(parent).insertOne(document, raw);
  const most = limitChildren([relation], 1);
  const pipeline = [{ $match: { _id } }, { $limit: 1 }, ...makeLookups(adminToo, [relation], most)];
  const plan = await parent.collection.aggregate(pipeline).explain('executionStats');
  const [answer = {}] = await parent.collection.aggregate(pipeline).toArray();
  if (!isThere) await adminCollection(parent).deleteOne({ _id });
  const stages = (plan.stages ?? []) as Looked[];
  const looked = stages.find((s) => s.$lookup);
  if (!looked) return [`no $lookup in ${JSON.stringify(plan).slice(0, 300)}`];
  const returned = (answer.included as Record<string, unknown[]>)[include]?.length ?? 0;
  const bound = 1.2 * returned + 1;
  if (Number(looked.collectionScans) > 0) faults.push('COLLSCAN');
  for (const what of ['totalKeysExamined', 'totalDocsExamined'] as const) {
    if (Number(looked[what]) > bound) faults.push(`${what} ${looked[what]} for ${returned}`);
  }
  return faults;
}

function text(value: unknown): string {
  return value instanceof UUID ? value.toString() : String(value);
}
