import type { Ctx } from '../../context.ts';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { readSignedBytes, signBytes } from '../../crypto/signed-bytes.ts';
import { UUID } from '../../data/ids.ts';

const keys = deriveAppKeys('event-ticket');

/** How long a stream may be opened by a ticket, in ms, and how far the clocks of two hosts may be apart. */
const LIFE = 60_000;
const SKEW = 30_000;

/** What a stream is opened by: an EventSource sends no headers, so the right to listen is in its URL. */
export interface Ticket {
  user: UUID;
  /** The session that asked for it: with that ends the stream. */
  session: UUID;
  /** The last event before it was made: whatever comes later is told. */
  place: number;
  expiresAt: number;
  /** Only what is about this job, or this project. */
  job?: UUID;
  project?: UUID;
}

const ID = 16;
const NUMBER = 6;
const LENGTH = 4 * ID + 2 * NUMBER;
const NONE = Buffer.alloc(ID);

/** Makes a ticket, and its text, which is signed. */
export function createTicket(
  ctx: Ctx,
  wanted: Omit<Ticket, 'expiresAt'>,
): { ticket: Ticket; text: string } {
  const ticket = { ...wanted, expiresAt: ctx.clock() + LIFE };
  const { user, session, place, expiresAt, job, project } = ticket;
  const numbers = Buffer.alloc(2 * NUMBER);
  numbers.writeUIntBE(place, 0, NUMBER);
  numbers.writeUIntBE(expiresAt, NUMBER, NUMBER);
  const ids = [user.buffer, session.buffer, job?.buffer ?? NONE, project?.buffer ?? NONE];
  return { ticket, text: signBytes(keys, Buffer.concat([...ids, numbers])) };
}

/** Reads a ticket; undefined when it is not one of ours, or too old. */
export function readTicket(ctx: Ctx, text: string): Ticket | undefined {
  const bytes = readSignedBytes(keys, text, LENGTH);
  if (!bytes) return undefined;
  const [user, session, job, project] = [0, 1, 2, 3].map((i) =>
    bytes.subarray(i * ID, (i + 1) * ID),
  ) as [Buffer, Buffer, Buffer, Buffer];
  const expiresAt = bytes.readUIntBE(4 * ID + NUMBER, NUMBER);
  if (ctx.clock() > expiresAt + SKEW) return undefined;
  return {
    user: new UUID(user),
    session: new UUID(session),
    place: bytes.readUIntBE(4 * ID, NUMBER),
    expiresAt,
    ...(!job.equals(NONE) && { job: new UUID(job) }),
    ...(!project.equals(NONE) && { project: new UUID(project) }),
  };
}
