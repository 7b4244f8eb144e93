import type { Base, Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import type { Reply } from '../http/route.ts';
import { type Json, stringifyDocument } from '../json/document.ts';
import { makeEtag } from './etag.ts';

/** The headers of a reply whose `body` is JSON. */
export const JSON_TYPE = { 'content-type': 'application/json' };

/** Answers a document that was just written, with its ETag; `more` are members beside its own. */
export function answerDocument(status: number, entity: Entity, document: Base, more?: Json): Reply {
  return {
    status,
    body: stringifyDocument(entity, document, more),
    headers: { etag: makeEtag(entity, document), ...JSON_TYPE },
  };
}

/** Answers a create: 201 and the Location of the document. @param path of the collection */
export function answerCreated(path: string, entity: Entity, document: Base, more?: Json): Reply {
  const answer = answerDocument(201, entity, document, more);
  const location = `${path}/${idText(document._id)}`;
  return { ...answer, headers: { location, ...answer.headers } };
}
