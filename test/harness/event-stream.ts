import type { Doc, Person } from './given.ts';
import { api } from './place.ts';

/** One event as a client sees it. */
export interface Told {
  id?: number;
  event: string;
  data: Doc;
}

/** A client of an event stream. Closing it is not an end: `after` in the next one resumes. */
export interface Listening {
  told: Told[];
  /** The comments that were sent. */
  comments: string[];
  response: Response;
  /** Resolves when the stream is over, by whatever end. */
  over: Promise<void>;
  /** The id of the last event. */
  last(): number | undefined;
  close(): void;
}

interface Options {
  about?: { job?: string; project?: string };
  after?: number | undefined;
  /** Whether the id is sent as an EventSource does when it reconnects, and not in the URL. */
  byHeader?: boolean;
}

/** Gets a ticket, and opens the stream of it. */
export async function listen(person: Person, options: Options = {}): Promise<Listening> {
  return openStream(await getTicket(person, options.about), options);
}

/** Gets the URL of a ticket. */
export async function getTicket(person: Person, about: Options['about'] = {}): Promise<string> {
  const { body } = await person.call<{ url: string }>('POST', '/v1/events/tickets', about);
  const { pathname, search } = new URL(body.url);
  // Where the functions of a test file answer is known after they have read their settings.
  return api + pathname + search;
}

/** Opens the stream of a URL that has a ticket. */
export async function openStream(
  address: string,
  { after, byHeader = false }: Options = {},
  onTold: (one: Told) => void = () => {},
): Promise<Listening> {
  const url = new URL(address);
  if (after !== undefined && !byHeader) url.searchParams.set('after', String(after));
  const controller = new AbortController();
  const headers = byHeader ? { 'last-event-id': String(after) } : {};
  const response = await fetch(url, { headers, signal: controller.signal });
  const told: Told[] = [];
  const comments: string[] = [];
  const over = readBlocks(response, (block) => {
    const fields = new Map(
      block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]),
    );
    if (block.startsWith(':')) comments.push(block);
    const [id, event, data] = ['id', 'event', 'data'].map((name) => fields.get(name));
    if (!event) return;
    const one = { ...(id && { id: Number(id) }), event, data: JSON.parse(data ?? '{}') };
    told.push(one);
    onTold(one);
  }).catch(() => undefined);
  return {
    ...{ told, comments, response, over },
    last: () => told.findLast(({ id }) => id !== undefined)?.id,
    close: () => controller.abort(),
  };
}

async function readBlocks(response: Response, take: (block: string) => void): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes as Uint8Array, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block);
  }
}
