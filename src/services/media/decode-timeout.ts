import { MediaError } from './media-error.ts';
import type { MediaProcessor } from './processor.ts';

/** A decoder that runs within this process does not come back: only with the process can it be ended. */
export class HungDecoder extends MediaError {
  constructor() {
    super('TIMED_OUT', 'Decoding this file took too long.');
  }
}

/** The same, given up after so many seconds: for decoders that are no programs of their own. @throws HungDecoder */
export function givenUpAfter(seconds: number, process: MediaProcessor): MediaProcessor {
  return async (input) => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new HungDecoder()), 1000 * seconds);
    try {
      return await Promise.race([process(input), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
