import { Logger } from '@aws-lambda-powertools/logger';
import { config } from '../config.ts';

export type { Logger };

/** Structured logs: one JSON line each, read by CloudWatch in the cloud and by the terminal at home. */
export const log = new Logger({ serviceName: 'mixdown', logLevel: config.logLevel });
