import type { Base, Entity } from '../../data/entity.ts';
import type { Reply } from '../http/route.ts';
import { documentText, type Json } from '../json/document.ts';
import { etagOf } from './etag.ts';

/** The headers of a reply whose `body` is JSON. */
export const JSON_TYPE = { 'content-type': 'application/json' };

/** A reply that shows a document that was just written, with its ETag; `more` are members beside its own. */
export function answerDocument(
  status: number,
  entity: Entity,
  document: Base,
  more?: Json,
): Reply & { headers: Record<string, string> } {
  return {
    status,
    body: documentText(entity, document, more),
    headers: { etag: etagOf(entity, document), ...JSON_TYPE },
  };
}
