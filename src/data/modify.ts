import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import type { AuditEntry } from './audit.ts';
import { sendWrite } from './commands.ts';
import { within } from './deadlines.ts';
import { type Entity, entityNamed, type Stored } from './entity.ts';
import { isCutOff } from './failures.ts';
import { UUID } from './ids.ts';
import { type TypedFilter, visible } from './read.ts';

/** A change of one document, as a pipeline that also puts the entry into its outbox. */
export interface Modification {
  pipeline: (entry: AuditEntry | undefined) => mongo.Document[];
  /** A new audit entry of it; none of what is not audited. */
  entry?: (() => AuditEntry) | undefined;
}

/**
 * Changes the document that the filter finds, and returns it as it is then. Was that cut off, it is done once
 * more, unless it has happened, which its audit entry tells; where there is none, the driver sees to it.
 */
export function modify(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  { pipeline, entry }: Modification,
): Promise<Stored | null> {
  const { _id } = filter;
  if (!entry || !(_id instanceof UUID)) {
    return retriedByDriver(ctx, entity, filter, pipeline(entry?.()));
  }
  const attempt = async (told: AuditEntry, where = filter) => {
    const command = {
      findAndModify: entity.collectionName,
      query: where,
      update: pipeline(told),
      new: true,
      fields: visible(entity),
      hint: '_id_',
    };
    return (await sendWrite(ctx, command)).value as Stored | null;
  };
  const attempts = async () => {
    const first = entry();
    try {
      return await attempt(first);
    } catch (error) {
      if (ctx.session || !isCutOff(error)) throw error;
    }
    const done = await afterwards(entity, _id, first);
    if (done) return done;
    // The first may still be on its way. This one is told of as another: if both happen, both are.
    const again = await attempt(entry(), { ...filter, 'outbox.id': { $ne: first.id } });
    return again ?? afterwards(entity, _id, first);
  };
  return within(attempts());
}

function retriedByDriver(
  ctx: Ctx,
  entity: Entity,
  filter: TypedFilter,
  pipeline: mongo.Document[],
): Promise<Stored | null> {
  return entity.collection.findOneAndUpdate(filter, pipeline, {
    returnDocument: 'after',
    projection: visible(entity),
    ...(ctx.session && { session: ctx.session }),
  });
}

/** The document, if the change that this entry tells of has happened for good. */
async function afterwards(entity: Entity, _id: UUID, { id }: AuditEntry): Promise<Stored | null> {
  const options = { projection: { _id: 1 }, readConcern: { level: 'majority' } } as const;
  // In this order: the sealer clears an outbox after it has told of what was in it.
  const told =
    (await entity.collection.findOne({ _id, 'outbox.id': id }, options)) ??
    (await entityNamed('AuditEvent').collection.findOne({ _id: id }, options));
  return told && entity.collection.findOne({ _id }, { projection: visible(entity) });
}
