import type { Method, Route } from '../../src/api/http/route.ts';
import type { Base, Entity } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { listFilters, type Rule } from '../../src/rules.ts';
import { type Answer, type Doc, given, type Person } from '../harness/given.ts';

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
  /** Who uses it: any user unless said otherwise, `given.admin` for what is for administrators. */
  person?: () => Promise<Person>;
  /** Makes a document of this person's, as it is read. */
  make(person: Person): Promise<Doc>;
  /** What POST takes, where there is one. */
  body?(person: Person): Promise<Json>;
  /** A patch that changes something, where there is a PATCH. */
  change?: Json;
  /** Leaves of a create's answer out what no later read shows. */
  asRead?(created: Json): Json;
  /**
   * How many ask at once where the contract speaks of a race: 8, which shows that a resource is on the
   * guarded way; 64 for one resource of each such way, to show that the way itself holds.
   */
  crowd?: number;
}

export type Held = ReturnType<typeof hold>;

/** A subject as the rules look at it: where it is, what it offers, and how to look at what it stores. */
export function hold<T extends Base>(subject: Subject<T>, means: Means) {
  const { routes, options, isSingle = false } = subject;
  const { path, include = [] } = options;
  const rules = listFilters(options.can.read);
  const entity = subject.entity as Entity;
  const isOwned = entity.options.owner !== 'none';
  const one = isSingle ? path : `${path}/{id}`;
  const offers = (method: Method, where: string) =>
    routes.some((r) => r.method === method && r.path === where);
  const works = (method: Method, where: string) =>
    routes.some((r) => r.method === method && r.path === where && !isPlanned(r));
  const patches = works('PATCH', one);
  return {
    entity,
    routes,
    path,
    include,
    // Every rule reads the same fields for everybody it lets in; admins are asked for last.
    rule: rules[0] ?? {},
    isSingle,
    isOwned,
    /** Whether each reads a list of their own: of what has an owner, or is of an account that has one. */
    isPersonal: isOwned || 'account' in (rules[0] ?? {}),
    /** Whether there is nobody who may not read it. */
    isOpen: rules.length === 2 && Object.keys(rules[0] ?? {}).length === 0,
    someone: means.person ?? given.user,
    make: means.make,
    bodyFor: means.body,
    change: means.change ?? {},
    asRead: means.asRead ?? ((created: Json) => created),
    crowd: means.crowd ?? 8,
    creates: works('POST', path) && means.body !== undefined,
    /** What a POST that creates one answers: 201, or 202 where a job goes on with it. */
    createdStatus: statusOf(routes, path),
    patches,
    removes: !isSingle && works('DELETE', one),
    lists: !isSingle && offers('GET', path),
    // Where a body may go wrong.
    bodied: [
      ...(patches ? [['PATCH', one] as const] : []),
      ...(offers('POST', path) ? [['POST', path] as const] : []),
    ],
    at: (doc: { id: string }) => (isSingle ? path : `${path}/${doc.id}`),
    /** What is stored of this person's; of all, where nobody owns it. */
    of: (person: { id: string }) => (isOwned ? { user: new UUID(person.id) } : {}),
    /** Without the audit entries, which may be moved into the chain at any time. */
    stored: (doc: { id: string }) =>
      entity.collection.findOne({ _id: new UUID(doc.id) }, { projection: { outbox: 0 } }),
    pages: async (person: Person, query = '') => person.get<Page>(`${path}?${query}`),
    refusal: async (person: Person, query: string) => person.get<Problem>(`${path}?${query}`),
  };
}

function statusOf(routes: Route[], path: string): number | undefined {
  const create = routes.find((r) => r.method === 'POST' && r.path === path && !isPlanned(r));
  return create && Number(Object.keys(create.success)[0]);
}

/** Whether a route is only declared, and not implemented yet. */
export function isPlanned({ success }: Route): boolean {
  return Object.keys(success).length === 0;
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
