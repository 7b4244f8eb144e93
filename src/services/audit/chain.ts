import { setTimeout } from 'node:timers/promises';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { sendMessage } from '../../providers/queue.ts';
import { meterEvents } from '../metering/meter-events.ts';
import { appendEvents } from './append.ts';
import type { Subject } from './subjects.ts';
import { clearWaiting, findWaiting } from './waiting.ts';

/** How long a request to append waits, in s, so that one run serves many writes. */
const DELAY = 1;
/** How often one of several runs at once tries again. */
const MOST_LOST = 10;

let requestedAt: Moment | undefined;

/**
 * Asks, after a write, for the waiting audit entries to be appended to their chains; at most once
 * while a request of this process is on its way. One that gets lost costs a delay only: a schedule
 * appends, too.
 */
export async function requestAppend(ctx: Ctx): Promise<void> {
  if (!config.auditQueueUrl || (requestedAt && isWithin(requestedAt, DELAY * 1000))) return;
  requestedAt = markMoment();
  try {
    await sendMessage(config.auditQueueUrl, { append: true }, DELAY);
  } catch (error) {
    ctx.log.warn('Appending to the audit chains could not be requested; its schedule will do it.', {
      error: error as Error,
    });
  }
}

/** More have damaged keys than that happens to: what opens keys is at fault. */
const MOST_BLOCKED = 100;

/**
 * Moves the audit entries that wait in the outboxes of their documents, and the loose events, into
 * `auditEvents`, each to the end of its chain. May run at any time, any number of times, also twice at once.
 * Returns how many it appended.
 * @throws Error, after all others are appended, of a chain that could not be extended, or when the events of some
 * wait because their keys are damaged
 */
export async function appendToChain(ctx: Ctx): Promise<number> {
  let appended = 0;
  let lost = 0;
  const blocked: Subject[] = [];
  for (;;) {
    const waiting = await findWaiting(ctx, blocked);
    const events = [...waiting.documents.flatMap((document) => document.events), ...waiting.loose];
    if (events.length === 0) break;
    const { placed, count, isLost, errors, ...found } = await appendEvents(ctx, events);
    blocked.push(...found.blocked);
    // As they are in clear text, and before they are taken out of where they wait: each is metered at least once.
    await meterEvents(
      ctx,
      events.filter(({ _id }) => placed.has(idText(_id))),
    );
    await clearWaiting(waiting, placed);
    appended += count;
    if (errors.length > 0) throw errors[0];
    if (blocked.length > MOST_BLOCKED) break;
    if (isLost) {
      // Another run was faster. What it has not seen is ours to append.
      if (++lost === MOST_LOST) break;
      await setTimeout(Math.random() * 100 * lost);
    } else if (waiting.isAll || (count === 0 && found.blocked.length === 0)) {
      break;
    }
  }
  if (blocked.length === 0) return appended;
  // An alarm rings, since somebody has to look: `npm run keys -- rotate` gives each of them a new key.
  throw new Error(`Audit entries of ${blocked.length} subjects wait: their data keys do not open.`);
}
