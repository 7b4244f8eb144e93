import type { Ctx } from '../../context.ts';
import { decryptField } from '../../data/encrypted-fields.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { parseId } from '../../data/ids.ts';
import { readIsoDate } from '../../data/iso-dates.ts';
import { AppError, type Fault, invalidQuery } from '../../errors.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';

/** Which events: those from `from` on, before `to`, of a user, of a document. */
export interface ExportRange {
  from?: string | undefined;
  to?: string | undefined;
  user?: string | undefined;
  document?: string | undefined;
}

type Doc = { _id: Parameters<typeof decryptField>[2]['_id'] } & Record<string, unknown>;

const BATCH = 500;

/**
 * Lists events, the oldest first, as JSON, each a line: with their places and hashes, and with their values where the key of
 * whose they are still opens; else null.
 * @throws AppError INVALID_QUERY naming every fault
 */
export async function* exportAudit(ctx: Ctx, range: ExportRange): AsyncGenerator<string> {
  const { filter, hint } = readRange(range);
  const found = AuditEvent.collection.find<Doc>(filter, { batchSize: BATCH }).hint(hint);
  for await (const event of found.sort({ createdAt: 1, _id: 1 })) {
    const { _id, version, updatedAt, key, ...shown } = event;
    for (const path of ['changes', 'ip']) {
      if (path in shown) shown[path] = await readValue(ctx, event, path);
    }
    yield `${JSON.stringify({ id: _id, ...shown })}\n`;
  }
}

/** A value that was forgotten on purpose is no reason to end. */
async function readValue(ctx: Ctx, event: Doc, path: string): Promise<unknown> {
  try {
    return await decryptField(ctx, AuditEvent, event, path);
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNREADABLE') return null;
    throw error;
  }
}

function readRange(range: ExportRange): { filter: TypedFilter; hint: Record<string, 1 | -1> } {
  const faults: Fault[] = [];
  const read = <T>(
    path: keyof ExportRange,
    parse: (text: string) => T | undefined,
    rule: string,
  ) => {
    const text = range[path];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) faults.push({ path, message: rule });
    return value;
  };
  const date = 'must be a time such as 2026-11-29T12:00:00Z';
  const [from, to] = [read('from', readIsoDate, date), read('to', readIsoDate, date)];
  const user = read('user', parseId, 'must be an id');
  const document = read('document', parseId, 'must be an id');
  if (from && to && from >= to) faults.push({ path: 'to', message: 'must be after from' });
  if (faults.length > 0) throw invalidQuery(faults);
  const createdAt = { ...(from && { $gte: from }), ...(to && { $lt: to }) };
  return {
    filter: {
      ...(user && { user }),
      ...(document && { document }),
      ...((from || to) && { createdAt }),
    },
    hint: { ...(user && { user: 1 }), ...(document && { document: 1 }), createdAt: -1, _id: -1 },
  };
}
