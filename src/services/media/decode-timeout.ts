import type { MediaProcessor } from './processor.ts';

/**
 * The same processor, which is no longer waited for once it is aborted. A decoder that runs within this
 * process cannot be ended but with the process; its job's time limit sees to that.
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
