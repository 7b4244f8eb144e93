import { stringifyDocument } from '../../api/json/document.ts';
import type { Ctx } from '../../context.ts';
import { type Base, entityNamed } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { EventDoc } from '../../models/news/event.ts';
import { versionOf } from './event-types.ts';

/** The most bytes of a document that a body holds; of a larger one it has the id alone. */
const MOST_BYTES = 200 * 1024;

/** The body of a webhook, as Standard Webhooks has it, with a version and a sequence beside. */
export interface Payload {
  type: string;
  version: number;
  timestamp: string;
  sequence: number;
  data: Record<string, unknown>;
}

/** The body that tells of an event: with the document as its GET answered it after that change. */
export function makePayload(ctx: Ctx, event: EventDoc): Payload {
  return {
    type: event.type,
    version: versionOf(event.type),
    timestamp: event.createdAt.toISOString(),
    sequence: event.sequence ?? 0,
    data: renderData(ctx, event),
  };
}

/** The body of a test event, which tells of an endpoint. */
export function makeTestPayload(type: string, endpoint: UUID, at: Date): Payload {
  const timestamp = at.toISOString();
  return { type, version: versionOf(type), timestamp, sequence: 0, data: { id: idText(endpoint) } };
}

function renderData(ctx: Ctx, { _id, entity, document, data }: EventDoc): Record<string, unknown> {
  try {
    const text = stringifyDocument(entityNamed(entity), data as Base);
    if (Buffer.byteLength(text) <= MOST_BYTES) return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    // One event that cannot be shown must not keep back all that come after it.
    ctx.log.error('The document of an event cannot be shown; its id is sent alone.', {
      event: idText(_id),
      error: error as Error,
    });
  }
  return { id: idText(document) };
}
