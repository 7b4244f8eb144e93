/**
 * Does some things side by side, each with a signal that is also aborted where another one fails.
 * @returns what each returned
 * @throws the error of the first that fails, or why `outer` was aborted, once all have ended
 */
export async function runTogether<T extends readonly unknown[]>(
  outer: AbortSignal,
  works: { [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> },
): Promise<T> {
  const failure = new AbortController();
  const signal = AbortSignal.any([outer, failure.signal]);
  const results = await Promise.all(
    works.map((work) => work(signal).catch((error: unknown) => failure.abort(error))),
  );
  signal.throwIfAborted();
  return results as unknown[] & T; // nothing has failed
}
