import type { Method, Route } from '../../src/api/route.ts';
import { filtersOf, type Rule } from '../../src/api/rules.ts';
import type { Base, Entity } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import type { Answer, Doc, Person } from '../harness/given.ts';

export type Json = Record<string, unknown>;
export type Page = { data: Doc[]; nextCursor: string | null };
export type Problem = Json & {
  code: string;
  detail: string;
  errors: { path: string; message: string }[];
};

/** What is held to the contract: a resource, or the one document at a path (`isSingle`). */
export interface Subject<T extends Base = Base> {
  entity: Entity<T>;
  options: { path: string; include?: string[]; can: { read: Rule } };
  routes: Route[];
  isSingle?: boolean;
}

/** What only the resource's own test knows of it. */
export interface Means {
  /** Makes a document of this person's, as it is read. */
  make(person: Person): Promise<Doc>;
  /** What POST takes, where there is one that creates. */
  body?(person: Person): Promise<Json>;
  /** A patch that changes something, where there is a PATCH. */
  change?: Json;
  /** Leaves of a create's answer out what no later read shows. */
  asRead?(created: Json): Json;
}

export type Held = ReturnType<typeof hold>;

/** A subject as the rules look at it: where it is, what it offers, and how to look at what it stores. */
export function hold<T extends Base>(subject: Subject<T>, means: Means) {
  const { routes, options, isSingle = false } = subject;
  const { path, include = [] } = options;
  // Every rule reads the same fields for everybody it lets in; admins are asked for last.
  const rule = filtersOf(options.can.read)[0] ?? {};
  const entity = subject.entity as Entity;
  const one = isSingle ? path : `${path}/{id}`;
  const offers = (method: Method, where: string) =>
    routes.some((r) => r.method === method && r.path === where);
  const patches = offers('PATCH', one);
  return {
    entity,
    routes,
    path,
    include,
    rule,
    isSingle,
    make: means.make,
    bodyFor: means.body,
    change: means.change ?? {},
    asRead: means.asRead ?? ((created: Json) => created),
    patches,
    removes: !isSingle && offers('DELETE', one),
    lists: !isSingle && offers('GET', path),
    // Where a body may go wrong.
    bodied: [
      ...(patches ? [['PATCH', one] as const] : []),
      ...(offers('POST', path) ? [['POST', path] as const] : []),
    ],
    at: (doc: { id: string }) => (isSingle ? path : `${path}/${doc.id}`),
    /** Without the audit entries, which the sealer takes out at any time. */
    stored: (doc: { id: string }) =>
      entity.collection.findOne({ _id: new UUID(doc.id) }, { projection: { outbox: 0 } }),
    pages: (person: Person, query = '') => person.get<Page>(`${path}?${query}`),
    refusal: (person: Person, query: string) => person.get<Problem>(`${path}?${query}`),
  };
}

/** An id, or any other text, that nobody has used. */
export function newText(): string {
  return newId(Date.now()).toString();
}

/** An answer without what tells two requests apart. */
export function anonymous(answer: Answer | undefined): Json {
  const { instance, ...body } = answer?.body ?? {};
  const headers = Object.fromEntries(answer?.headers ?? []);
  for (const name of ['x-request-id', 'date', 'apigw-requestid']) delete headers[name];
  return { status: answer?.status, headers, body };
}
