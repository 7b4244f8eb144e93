import type { MediaProcessor } from './processor.ts';

/**
 * Wraps a processor so that an abort rejects at once, even if the decoder hangs. A decoder inside
 * this process can only be stopped together with it, which happens after the timeout of its job.
 */
export function abandonWhenAborted(process: MediaProcessor): MediaProcessor {
  return async (input) => {
    const { signal } = input;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([process(input), aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}
