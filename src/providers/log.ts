import { Logger } from '@aws-lambda-powertools/logger';
import { config } from '../config.ts';
import { redact } from './redact.ts';

export type { Logger };

/**
 * The structured log: one JSON line per entry, for CloudWatch, or for the terminal of the local
 * cloud. Nothing personal and no secret is in it.
 */
export const log = new Logger({
  serviceName: 'mixdown',
  logLevel: config.logLevel,
  jsonReplacerFn: redact,
});
