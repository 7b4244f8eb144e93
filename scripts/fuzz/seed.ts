import type { Account } from './account.ts';
import {
  type Document,
  findEntity,
  findReferences,
  listOperations,
  makeExample,
  type Placed,
} from './document.ts';

/** The ids of existing documents, by entity, and what could not be created. */
export interface Seeded {
  ids: Map<string, string[]>;
  refused: string[];
}

const COPIES = 5;

/**
 * Creates documents of every entity that the OpenAPI document has an example for, and lists the
 * others that exist.
 * @param there the ids of documents that were created before
 */
export async function makeOneOfEach(
  api: string,
  document: Document,
  account: Account,
  there: ReadonlyMap<string, string[]>,
): Promise<Seeded> {
  const ids = new Map(there);
  const refused: string[] = [];
  let waiting = listOperations(document).filter(
    ({ method, path, operation }) =>
      method === 'post' &&
      !path.includes('{') &&
      findEntity(document, `${path}/{id}`) &&
      operation.requestBody,
  );
  // A document that refers to others is created after them.
  for (let made = true; made; ) {
    made = false;
    for (const placed of waiting.filter((p) => isReady(p, ids))) {
      made = true;
      waiting = waiting.filter((p) => p !== placed);
      const entity = findEntity(document, `${placed.path}/{id}`) as string;
      for (let copy = 0; copy < COPIES; copy++) {
        const answer = await send(api, account, placed, makeExample(placed, ids));
        if (answer.id) ids.set(entity, [...(ids.get(entity) ?? []), answer.id]);
        else if (copy === 0) refused.push(`${entity} (${answer.why})`);
      }
    }
  }
  for (const { path } of waiting) {
    refused.push(`${findEntity(document, `${path}/{id}`)} (what it refers to does not exist)`);
  }
  for (const { path, method } of listOperations(document)) {
    const entity = method === 'get' ? findEntity(document, `${path}/{id}`) : undefined;
    if (entity && !ids.has(entity)) ids.set(entity, await listIds(api, account, path));
  }
  return { ids, refused };
}

/** Whether everything exists that its body must refer to. */
function isReady(placed: Placed, ids: ReadonlyMap<string, string[]>): boolean {
  return findReferences(placed).every((r) => !r.isRequired || ids.get(r.entity)?.length);
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

async function listIds(api: string, account: Account, path: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${await account.token()}` };
  const answer = await fetch(`${api}${path}?limit=5`, { headers });
  if (!answer.ok) return [];
  return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
}
