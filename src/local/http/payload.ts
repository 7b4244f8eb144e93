// Lambda's limits, in bytes; its quotas call both 6 MB.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const MOST_OF_EVENT = 6_291_456;
const MOST_OF_RESULT = 6_291_556;

/** The event of a call is larger than Lambda accepts. */
export class EventTooLarge extends Error {
  override name = 'EventTooLarge';
}

/** The result of a function is larger than Lambda passes on. */
class ResultTooLarge extends Error {
  override name = 'ResultTooLarge';
}

/** @throws EventTooLarge */
export function checkEvent(name: string, event: { body?: string }): void {
  const bytes = countBytes(event, event.body ?? '');
  if (bytes <= MOST_OF_EVENT) return;
  throw new EventTooLarge(
    `the event for ${name} has ${bytes} bytes; Lambda accepts ${MOST_OF_EVENT} (6 MB)`,
  );
}

/** @throws ResultTooLarge */
export function checkResult(name: string, result: unknown): void {
  const bytes = countBytes(result, (result as { body?: unknown } | null | undefined)?.body);
  if (bytes <= MOST_OF_RESULT) return;
  throw new ResultTooLarge(
    `the result of ${name} has ${bytes} bytes; Lambda passes on ${MOST_OF_RESULT} (6 MB)`,
  );
}

/** The most characters of a body that is far below the limits, however it is escaped. */
const SHORT = 500_000;

/** Counts the bytes of the JSON that Lambda gets; 0 where it is short. */
function countBytes(payload: unknown, body: unknown): number {
  if (typeof body === 'string' && body.length < SHORT) return 0;
  return Buffer.byteLength(JSON.stringify(payload) ?? '');
}
