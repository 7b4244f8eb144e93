import type { Account } from './account.ts';
import {
  type Document,
  entityOf,
  exampleOf,
  operationsOf,
  type Placed,
  referencesIn,
} from './document.ts';

/** The ids of what is there, by entity, and what could not be made. */
export interface Seeded {
  ids: Map<string, string[]>;
  refused: string[];
}

const COPIES = 5;

/** Makes some of everything that the examples of a document can make, and looks what else is there. @param there what comes first */
export async function makeOneOfEach(
  api: string,
  document: Document,
  account: Account,
  there: ReadonlyMap<string, string[]>,
): Promise<Seeded> {
  const ids = new Map(there);
  const refused: string[] = [];
  let waiting = operationsOf(document).filter(
    ({ method, path, operation }) =>
      method === 'post' &&
      !path.includes('{') &&
      entityOf(document, `${path}/{id}`) &&
      operation.requestBody,
  );
  // What refers to others is made after them.
  for (let made = true; made; ) {
    made = false;
    for (const placed of waiting.filter((p) => isReady(p, ids))) {
      made = true;
      waiting = waiting.filter((p) => p !== placed);
      const entity = entityOf(document, `${placed.path}/{id}`) as string;
      for (let copy = 0; copy < COPIES; copy++) {
        const answer = await send(api, account, placed, exampleOf(placed, ids));
        if (answer.id) ids.set(entity, [...(ids.get(entity) ?? []), answer.id]);
        else if (copy === 0) refused.push(`${entity} (${answer.why})`);
      }
    }
  }
  for (const { path } of waiting) {
    refused.push(`${entityOf(document, `${path}/{id}`)} (what it refers to is not there)`);
  }
  for (const { path, method } of operationsOf(document)) {
    const entity = method === 'get' ? entityOf(document, `${path}/{id}`) : undefined;
    if (entity && !ids.has(entity)) ids.set(entity, await listed(api, account, path));
  }
  return { ids, refused };
}

/** Whether everything that its body must refer to is there. */
function isReady(placed: Placed, ids: ReadonlyMap<string, string[]>): boolean {
  return referencesIn(placed).every((r) => !r.isRequired || ids.get(r.entity)?.length);
}

async function send(api: string, account: Account, { path }: Placed, body: unknown) {
  const answer = await fetch(api + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await account.token()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body ?? {}),
  });
  const { id, detail } = (await answer.json()) as { id?: string; detail?: string };
  return { id, why: `${answer.status}: ${detail}` };
}

async function listed(api: string, account: Account, path: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${await account.token()}` };
  const answer = await fetch(`${api}${path}?limit=5`, { headers });
  if (!answer.ok) return [];
  return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
}
