import { FakeError, listObjects, type Params, type State } from './state.ts';

/** GET /v1/{name}/search, by one value of the metadata. What was deleted is not found. */
export function searchObjects(
  state: State,
  { query, limit = 10 }: Params,
  { name, object }: { name: string; object: string },
): unknown {
  const [, key = '', value] = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(String(query)) ?? [];
  if (value === undefined) throw new FakeError(400, { message: `No such query: ${query}` });
  const found = listObjects(state, object).filter(
    ({ metadata, deleted }) => !deleted && metadata[key] === value,
  );
  const data = found.slice(0, Number(limit));
  return { object: 'search_result', url: `/v1/${name}/search`, data, has_more: false };
}
