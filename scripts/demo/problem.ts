import { Refusal } from '../../src/local/refusal.ts';

/** A reason to stop that is told in one sentence, without a stack. */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/** The sentence of whatever was thrown; what nobody foresaw comes with its stack. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem || error instanceof Refusal) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
