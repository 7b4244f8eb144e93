import { entityNamed, type Stored } from '../../data/entity.ts';
import type { EventDoc } from '../../models/news/event.ts';
import { stringifyDocument } from '../json/document.ts';

/** Texts of events that several listeners are sent. */
const texts = new WeakMap<EventDoc, string>();

/**
 * An event as a stream has it. Its data is the document as GET answered it after that change.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function writeEvent(event: EventDoc): string {
  const known = texts.get(event);
  if (known) return known;
  const { sequence, type, entity, data } = event;
  const document = stringifyDocument(entityNamed(entity), data as Stored & EventDoc);
  const text = `id: ${sequence}\nevent: ${type}\ndata: ${document}\n\n`;
  texts.set(event, text);
  return text;
}

/** What the stream says of itself: `reset` or `end`. It is no place to resume at. */
export function writeNotice(name: 'reset' | 'end', data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment, which keeps proxies from closing an idle connection. */
export const HEARTBEAT = ': heartbeat\n\n';
