import { AppError } from '../../errors.ts';

// Lambda refuses results of more than 6,291,556 bytes. What it counts is the JSON of the whole
// result, in which the body is a string: its quotes and backslashes are escaped once more.

/** The most bytes of an answer, as Lambda counts them. */
const MOST = 5_000_000;
/** For status and headers. */
const ENVELOPE = 16 * 1024;
const MOST_BODY = MOST - ENVELOPE;
/** For what ends a page: the cursors of its last document, and its own. */
const PAGE_END = 16 * 1024;

/** The most bytes of a character that is escaped: `\\u0001`. */
const LONGEST = 6;
/**
 * How many times larger than its BSON a document can be in an answer: text of control characters
 * grows sevenfold.
 */
const GROWTH = 8;

/**
 * Chooses the most bytes of a page of these documents; infinite where they are so small that nobody
 * needs to count.
 */
export function limitPage(documents: Uint8Array[]): number {
  let stored = 0;
  for (const { length } of documents) stored += length;
  return GROWTH * stored > MOST_BODY ? MOST_BODY - PAGE_END : Number.POSITIVE_INFINITY;
}

/** @throws AppError ANSWER_TOO_LARGE when Lambda might refuse an answer with this body */
export function checkSize(body: string): void {
  if (LONGEST * body.length <= MOST_BODY) return;
  if (Buffer.byteLength(JSON.stringify(body)) > MOST_BODY) throw answerTooLarge();
}

/** The error where not even a single document fits into an answer. */
export function answerTooLarge(cause?: unknown): AppError {
  const message =
    'The answer would exceed 5 MB. Ask for less, with `fields`, or without `include`.';
  return new AppError('ANSWER_TOO_LARGE', message, { cause });
}
