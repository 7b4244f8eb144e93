import { Logger } from '@aws-lambda-powertools/logger';
import { config } from '../config.ts';

export type { Logger };

/**
 * The structured log: one JSON line per entry, for CloudWatch, or for the terminal of the local
 * cloud.
 */
export const log = new Logger({ serviceName: 'mixdown', logLevel: config.logLevel });
