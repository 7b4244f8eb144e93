import type { Writable } from 'node:stream';
import type { Ctx } from '../../context.ts';
import { findOne } from '../../data/read.ts';
import { Job } from '../../models/jobs/job.ts';
import type { EventDoc } from '../../models/news/event.ts';
import { openFeed } from '../../services/news/feeds.ts';
import type { StreamLease } from '../../services/news/stream-leases.ts';
import type { Ticket } from '../../services/news/tickets.ts';
import { HEARTBEAT, writeEvent, writeNotice } from './event-text.ts';
import { addListener, endListener, type Listener } from './listeners.ts';

/** After so long without an event a heartbeat is sent, in ms. */
const QUIET = 15_000;
/** A client that takes nothing for so long is gone, in ms; it may resume. */
const STALLED = 30_000;
/** How long an EventSource waits before it connects again, in ms. */
const RETRY = 2000;

/**
 * Sends the events of a ticket's user after a place, each once and in order, until the stream ends: by a
 * notice, unless the client is gone.
 * @param open begins the answer, once all is ready @param time how long it may take, in ms
 */
export async function streamEvents(
  ctx: Ctx,
  { ticket, lease }: { ticket: Ticket; lease: StreamLease },
  after: number | undefined,
  time: number,
  open: () => Writable,
): Promise<void> {
  const { listener, remove } = addListener(ctx, ticket, lease);
  // Looked up before the feed is opened, which then knows the event of that end.
  const hasEnded = await hasJobEnded(ctx, ticket).catch(releasing(remove));
  const feed = await openFeed(ctx, ticket.user, listener.wake).catch(releasing(remove));
  const timer = setTimeout(() => endListener(listener, 'TIME'), time);
  try {
    const stream = open();
    stream.on('close', () => endListener(listener, 'GONE'));
    stream.on('error', () => endListener(listener, 'GONE'));
    let sentAt = performance.now();
    const say = (text: string) => {
      sentAt = performance.now();
      return send(stream, listener, text);
    };
    await say(`retry: ${RETRY}\n\n`);
    let place = after ?? ticket.place;
    while (!listener.end) {
      const events = await feed.readAfter(place);
      const first = events[0]?.sequence as number | undefined;
      // Some have expired, or, after the database was restored, never were.
      if (place > feed.head() || (first && first > place + 1)) {
        place = first ? first - 1 : feed.head();
        await say(writeNotice('reset', { place }));
      }
      for (const event of events) {
        if (listener.end) break;
        if (isWanted(event, ticket)) await say(writeEvent(event));
        place = event.sequence as number;
        if (isEndOfJob(event, ticket)) endListener(listener, 'JOB_ENDED');
      }
      if (events.length > 0) continue;
      if (hasEnded) endListener(listener, 'JOB_ENDED');
      // Also where others' events wake it, of which it is told nothing.
      else if (performance.now() - sentAt >= QUIET) await say(HEARTBEAT);
      else await listener.sleep(sentAt + QUIET - performance.now());
    }
    if (listener.end !== 'GONE') stream.write(writeNotice('end', { reason: listener.end, place }));
    stream.end();
  } finally {
    clearTimeout(timer);
    remove();
    await feed.close();
  }
}

function releasing(remove: () => void) {
  return (error: unknown): never => {
    remove();
    throw error;
  };
}

/** Writes, and waits for a client that is slow. */
async function send(stream: Writable, listener: Listener, text: string): Promise<void> {
  if (listener.end || stream.write(text)) return;
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, STALLED);
  for (const event of ['drain', 'close']) stream.once(event, resolve);
  await isOver;
  clearTimeout(timer);
  for (const event of ['drain', 'close']) stream.off(event, resolve);
  if (!stream.writableNeedDrain) return;
  // It has stopped to read: what it has not had it gets when it resumes.
  endListener(listener, 'GONE');
  stream.destroy();
}

function isWanted({ job, project }: EventDoc, ticket: Ticket): boolean {
  if (ticket.job && !job?.equals(ticket.job)) return false;
  return !ticket.project || (project?.equals(ticket.project) ?? false);
}

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];

function isEndOfJob({ entity, document, status, type }: EventDoc, { job }: Ticket): boolean {
  if (!job || entity !== 'Job' || !document.equals(job)) return false;
  return type === 'job.deleted' || ENDED.includes(status ?? '');
}

async function hasJobEnded(ctx: Ctx, { job }: Ticket): Promise<boolean> {
  if (!job) return false;
  const found = await findOne(ctx, Job, { _id: job }, { projection: { status: 1 } });
  return !found || ENDED.includes(found.status);
}
