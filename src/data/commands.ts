import mongoose, { type mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { database } from './connection.ts';

/** On most of the members, and in their journals. */
const DURABLE = { w: 'majority', j: true } as const;

/**
 * Sends a write that the driver does not try again. For one that it would, the server keeps in each session
 * what it has done, and of `findAndModify` the whole document: a fifth of such a write. Whoever calls this
 * knows by other means whether a write that was cut off has happened.
 * @throws MongoServerError when it was refused, MongoNetworkError and others when it was cut off
 */
export async function sendWrite(
  ctx: Pick<Ctx, 'session'>,
  command: mongo.Document,
  writeConcern: { w: 'majority' | number; j: boolean } = DURABLE,
): Promise<mongo.Document> {
  const reply = ctx.session
    ? await database().command(command, { session: ctx.session })
    : await database().command({ ...command, writeConcern });
  const [refused] = (reply.writeErrors as mongo.Document[] | undefined) ?? [];
  if (refused) throw new mongoose.mongo.MongoServerError(refused as mongo.ErrorDescription);
  return reply;
}
