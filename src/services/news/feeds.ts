import { config } from '../../config.ts';
import { type Ctx, systemCtx } from '../../context.ts';
import { withDeadline } from '../../data/deadlines.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { type Watch, watchInserts } from '../../data/watch-inserts.ts';
import { Event, type EventDoc } from '../../models/news/event.ts';
import { sequenceEvents } from './sequence-events.ts';
import { createSharedRuns } from './shared-runs.ts';

// All listeners of a process to the events of one user share a feed: it gives places, reads what is new
// once, and wakes them. All feeds of a process share one change stream; a process that serves one listener
// and is frozen between calls, as a Lambda, has none, and asks each second.

/** How many of the last events a feed keeps at hand. */
const RECENT = 32;
/** How many are read at once for one who is further behind. */
const PAGE = 100;
/** How often a feed asks by itself, in ms: where nothing tells it, and in case that was missed. */
const [POLL, FALLBACK] = [1000, 30_000];

interface SharedFeed {
  user: UUID;
  /** The last place that it knows. */
  head: number;
  recent: EventDoc[];
  listeners: Set<() => void>;
  share: ReturnType<typeof createSharedRuns<void>>;
}

/** One's access to the events of a user, until it is closed. */
export interface Feed {
  /** The last place that is known. */
  head(): number;
  /** The events after a place, the next ones first; none when there are none yet. */
  readAfter(place: number): Promise<EventDoc[]>;
  close(): Promise<void>;
}

const feeds = new Map<string, SharedFeed>();
let watch: Watch | undefined;
let timer: NodeJS.Timeout | undefined;

/** Opens a feed that knows all that is committed by now. @param onNews called when there are new events */
export async function openFeed(ctx: Ctx, user: UUID, onNews: () => void): Promise<Feed> {
  const feed = getFeed(user);
  feed.listeners.add(onNews);
  try {
    start(systemCtx('news'));
    if (watch) await withDeadline(watch.ready);
    await refresh(ctx, feed);
  } catch (error) {
    await leave(feed, onNews);
    throw error;
  }
  return {
    head: () => feed.head,
    readAfter: (place) => readAfter(ctx, feed, place),
    close: () => leave(feed, onNews),
  };
}

function getFeed(user: UUID): SharedFeed {
  const key = idText(user);
  const feed = feeds.get(key) ?? {
    ...{ user, head: 0, recent: [], listeners: new Set<() => void>() },
    share: createSharedRuns<void>(),
  };
  feeds.set(key, feed);
  return feed;
}

async function leave(feed: SharedFeed, onNews: () => void): Promise<void> {
  feed.listeners.delete(onNews);
  if (feed.listeners.size > 0) return;
  feeds.delete(idText(feed.user));
  if (feeds.size > 0) return;
  clearInterval(timer);
  const last = watch;
  [watch, timer] = [undefined, undefined];
  await last?.stop();
}

/** Begins to look for news, for all feeds of this process. */
function start(ctx: Ctx): void {
  if (timer) return;
  const refreshAll = () => {
    for (const feed of feeds.values()) refreshLater(ctx, feed);
  };
  const refreshOne = (user: UUID) => {
    const feed = feeds.get(idText(user));
    if (feed) refreshLater(ctx, feed);
  };
  if (config.followsEvents) watch = watchInserts(ctx, Event, refreshOne, refreshAll);
  timer = setInterval(refreshAll, config.followsEvents ? FALLBACK : POLL);
}

/** Nobody waits for this one: a failure is told, and it is tried again with the next news, or in time. */
function refreshLater(ctx: Ctx, feed: SharedFeed): void {
  refresh(ctx, feed).catch((error: Error) => ctx.log.warn('News could not be read.', { error }));
}

/** Reads what is new, for all who ask together. */
function refresh(ctx: Ctx, feed: SharedFeed): Promise<void> {
  return feed.share('', () => readOn(ctx, feed));
}

async function readOn(ctx: Ctx, feed: SharedFeed): Promise<void> {
  const head = await sequenceEvents(ctx, feed.user);
  if (head === feed.head) return;
  const from = Math.max(feed.head, head - RECENT);
  const fresh = await findEvents(ctx, feed.user, { $gt: from, $lte: head }, RECENT);
  const kept = from === feed.head ? feed.recent : [];
  feed.recent = [...kept, ...fresh].slice(-RECENT);
  feed.head = head;
  for (const wake of feed.listeners) wake();
}

async function readAfter(ctx: Ctx, feed: SharedFeed, place: number): Promise<EventDoc[]> {
  if (place >= feed.head) return [];
  const first = feed.recent[0]?.sequence;
  // Places have no gaps, so these are the next ones.
  if (first && place >= first - 1) {
    return feed.recent.filter(({ sequence }) => (sequence as number) > place);
  }
  return findEvents(ctx, feed.user, { $gt: place, $lte: feed.head }, PAGE);
}

function findEvents(ctx: Ctx, user: UUID, sequence: object, limit: number): Promise<EventDoc[]> {
  const options = { sort: { sequence: 1 }, limit, projection: { forWebhooks: 0 } } as const;
  return findMany(ctx, Event, { user, sequence }, options);
}
