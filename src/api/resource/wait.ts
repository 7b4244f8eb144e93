import { setTimeout } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findOne } from '../../data/read.ts';
import { invalidQuery } from '../../errors.ts';
import type { Parameter, Request } from '../http/route.ts';
import { isUnchanged, makeEtag } from './etag.ts';

/** The longest that a request waits, in s: well below the 20 s of its function. */
const LONGEST = 15;
/** How often the document is looked at, in ms: sooner at first. */
const [SOON, LATER] = [100, 500];
/** What is left of the function's time for the answer itself, in ms. */
const RESERVE = 3000;

export const WAIT: Parameter = {
  name: 'wait',
  description:
    'Answers at the next change of the document, so many seconds later at most, and then as it is. With If-None-Match the next change is one that differs from that ETag.',
  schema: { type: 'integer', minimum: 1, maximum: LONGEST },
};

/** Waits, where `?wait=` asks for it, until a document has changed or is gone. @throws AppError INVALID_QUERY */
export async function waitForChange<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  { query, ifNoneMatch }: Request,
): Promise<void> {
  const wait = query.get('wait');
  if (wait === undefined) return;
  const end = Math.min(performance.now() + 1000 * readSeconds(wait), ctx.deadline - RESERVE);
  const known = ifNoneMatch ?? (await readEtag(ctx, entity, filter));
  let etag = ifNoneMatch === undefined ? known : await readEtag(ctx, entity, filter);
  for (let pause = SOON; etag && isUnchanged(known, etag); pause = Math.min(2 * pause, LATER)) {
    const left = end - performance.now();
    if (left <= 0) return;
    await setTimeout(Math.min(pause, left));
    etag = await readEtag(ctx, entity, filter);
  }
}

/** The ETag of a document, of which only that is read; undefined where there is none. */
async function readEtag(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
): Promise<string | undefined> {
  const names = ['version', ...(entity.options.unversioned ?? [])];
  const projection = Object.fromEntries(names.map((name) => [name, 1]));
  const found = await findOne(ctx, entity, filter, { projection });
  return found ? makeEtag(entity, found) : undefined;
}

function readSeconds(text: string): number {
  const seconds = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= LONGEST) return seconds;
  throw invalidQuery([{ path: 'wait', message: `must be a whole number from 1 to ${LONGEST}` }]);
}
