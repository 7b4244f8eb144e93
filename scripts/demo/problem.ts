import { Refusal } from '../../src/local/refusal.ts';

/** An error whose message is printed without a stack. */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/** Formats whatever was thrown; an unexpected error is printed with its stack. */
export function describeProblem(error: unknown): string {
  if (error instanceof Problem || error instanceof Refusal) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
