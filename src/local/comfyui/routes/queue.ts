import type { Entry, Queue } from '../queue.ts';
import { tuple } from '../queue.ts';
import { answer, answerEmpty, type Routes, readJson } from './route.ts';

/** What waits, what runs and what has run. */
export const queues: Routes = {
  'GET /queue': ({ host: { life } }) =>
    answer({
      queue_running: life.queue.running().map(tuple),
      queue_pending: life.queue.pending().map(tuple),
    }),
  'POST /queue': async ({ host: { life }, request }) => {
    const body = await readJson(request);
    if (body.clear) life.queue.clear();
    for (const id of (body.delete as string[] | undefined) ?? []) life.queue.remove(id);
    return answerEmpty();
  },
  'GET /history': ({ host: { life }, url }) => {
    const max = readNumber(url, 'max_items');
    return answer(selectHistory(life.queue, max, readNumber(url, 'offset') ?? -1));
  },
  'GET /history/{id}': ({ host: { life }, name }) => {
    const entry = life.queue.history.get(name);
    return answer(entry ? { [name]: entry } : {}); // never a 404
  },
  'POST /history': async ({ host: { life }, request }) => {
    const body = await readJson(request);
    if (body.clear) life.queue.history.clear();
    for (const id of (body.delete as string[] | undefined) ?? []) life.queue.history.delete(id);
    return answerEmpty();
  },
};

function selectHistory(
  { history }: Queue,
  max: number | undefined,
  offset: number,
): Record<string, Entry> {
  const all = [...history];
  // Without an offset, the last ones.
  const from = offset < 0 && max !== undefined ? all.length - max : Math.max(0, offset);
  const first = Math.max(0, from);
  return Object.fromEntries(all.slice(first, max === undefined ? undefined : first + max));
}

function readNumber(url: URL, name: string): number | undefined {
  const value = url.searchParams.get(name);
  if (value === null) return undefined;
  if (!/^-?\d+$/.test(value)) throw new Error(`invalid literal for int(): '${value}'`); // a 500
  return Number(value);
}
