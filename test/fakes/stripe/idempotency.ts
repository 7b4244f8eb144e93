import { FakeError } from './state.ts';

/** An answer of the API. */
export interface Answered {
  status: number;
  text: string;
  replayed?: boolean;
}

type Stored = { request: string; answer?: Answered };

/**
 * Stripe's own rules: the first answer of a POST is replayed to the same key, an error of its own making,
 * too; other parameters are refused, and so is a second call while the first one runs. What did not pass
 * the validation is not stored.
 */
export function createIdempotency() {
  const byKey = new Map<string, Stored>();
  return async (
    key: string | undefined,
    request: string,
    run: () => Promise<Answered>,
  ): Promise<Answered> => {
    if (!key) return run();
    const before = byKey.get(key);
    if (before && before.request !== request) {
      const message = 'Keys for idempotent requests can only be used with the same parameters.';
      throw new FakeError(400, { type: 'idempotency_error', message });
    }
    if (before?.answer) return { ...before.answer, replayed: true };
    if (before) throw refuseRunning();
    const stored: Stored = { request };
    byKey.set(key, stored);
    const answer = await run();
    if (answer.status === 400 || answer.status === 404) byKey.delete(key);
    else stored.answer = answer;
    return answer;
  };
}

/** A call by the same key is still running. */
export function refuseRunning(): FakeError {
  const code = 'idempotency_key_in_use';
  const message = 'There is currently another in-progress request using this key.';
  return new FakeError(409, { type: 'invalid_request_error', code, message });
}
