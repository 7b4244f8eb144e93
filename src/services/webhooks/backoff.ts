const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long a delivery is tried, in ms. */
export const RETRIED_FOR = 72 * HOUR;

/** The waits after the first attempts of a delivery, in ms; the last one goes for all that follow. */
const STEPS = [
  5000,
  30_000,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
];
/** The longest wait until an endpoint that does not answer is tried again, whatever its deliveries wait for. */
export const MOST_SILENCE = HOUR;
/** So many failures in a row, of whichever deliveries, and an endpoint is failing. */
const MOST_FAILURES = 3;

/** Whether after so many failures in a row only one delivery at a time is tried, due or not. */
export const isFailing = (failures: number): boolean => failures >= MOST_FAILURES;

/**
 * How long a delivery waits after so many failed attempts, in ms: a step, a quarter more or less, so that what
 * failed together does not come back together. A `Retry-After` of up to an hour is heeded.
 */
export function chooseWait(attempts: number, retryAfter = 0): number {
  const step = STEPS[Math.min(attempts, STEPS.length) - 1] as number;
  return Math.max(addJitter(step), Math.min(1000 * retryAfter, HOUR));
}

/**
 * How long an endpoint is left alone after so many failures in a row, in ms; 0 while they are few. Where it
 * could not be reached it is left alone from the first: no other delivery would fare better.
 */
export function chooseSilence(failures: number, isUnreached: boolean): number {
  const steps = failures - (isUnreached ? 1 : MOST_FAILURES);
  if (steps < 0) return 0;
  const step = STEPS[Math.min(steps, STEPS.length - 1)] as number;
  return addJitter(Math.min(step, MOST_SILENCE));
}

function addJitter(ms: number): number {
  return Math.round(ms * (0.75 + 0.5 * Math.random()));
}
