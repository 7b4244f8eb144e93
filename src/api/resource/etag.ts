import { hashText } from '../../crypto/hash.ts';
import { type Bytes, pick } from '../../data/bson.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { AppError } from '../../errors.ts';

/**
 * Makes the ETag of a document: its version, and after a dash what the answer shows that changes
 * without a new version: counts and progress, or (a hash of `body`) included documents.
 */
export function makeEtag(entity: Entity, document: Base | Bytes, body?: string): string {
  const names = ['version', ...(entity.options.unversioned ?? [])];
  const known = document instanceof Uint8Array ? pick(document, 0, names) : document;
  const values = names.map((name) => (known as Record<string, unknown>)[name]);
  const digest = body && hashText(body).slice(0, 16);
  return `"${[...values, ...(digest ? [digest] : [])].join('-')}"`;
}

/** Whether If-None-Match names this ETag. */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (!ifNoneMatch) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((t) => t.trim().replace(/^W\//, '') === etag);
}

/**
 * Reads the versions that If-Match allows (optimistic lock); undefined when it allows any.
 * A tag that is none of ours matches nothing.
 */
export function readIfMatch(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return ifMatch.split(',').flatMap((tag) => {
    const version = /^\s*(?:W\/)?"(\d{1,15})(?:-[\w-]*)?"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}

/** The error for an If-Match that allows only these versions, none of which is stored now. */
export function preconditionFailed(versions: number[] | undefined): AppError {
  return new AppError(
    'PRECONDITION_FAILED',
    versions?.length === 0
      ? 'If-Match takes an ETag as it was answered, with its quotation marks: "3".'
      : 'It has changed since that ETag: read it again, then retry.',
  );
}
