/** What a metric says, and whether percentiles of its values are kept. */
export interface Metric {
  /** What it counts, for people. */
  about: string;
  /** The unit of its sum, minimum, maximum and percentiles. */
  unit: 'number' | 'bytes' | 'minutes' | 'seconds' | 'milliseconds' | 'tokens' | 'credits';
  /** The names of its dimensions. */
  dimensions?: string[];
  /** Whether each amount is a value of its own, of which percentiles are kept: whole, and not negative. */
  isMeasured?: boolean;
  /** Whether who has it in a period counts as active then. */
  isActivity?: boolean;
  /** Whether only the whole app has it. */
  isOfApp?: boolean;
}

/** Every metric that there is. docs/metering.md is written from it. */
export const METRICS = {
  'storage.bytes': {
    about:
      'Bytes of originals that were added, less those that were deleted; the trash and former versions count until they are gone.',
    unit: 'bytes',
  },
  documents: {
    about: 'Documents that were made, less those that were deleted.',
    unit: 'number',
    dimensions: ['entity'],
  },
  'media.minutes': {
    about: 'The length of the tracks, audios and videos that were processed.',
    unit: 'minutes',
    dimensions: ['entity'],
  },
  renders: {
    about: 'Exports and streams that were rendered.',
    unit: 'number',
    dimensions: ['type'],
  },
  exports: { about: 'Exports that were completed, those that were copied, too.', unit: 'number' },
  'gpu.seconds': { about: 'Time on graphics processors.', unit: 'seconds' },
  tokens: {
    about: 'Tokens of language models.',
    unit: 'tokens',
    dimensions: ['kind'],
  },
  credits: {
    about:
      'Credits that were added, and, negative, that were taken: those of the cause `JOB` were spent on work.',
    unit: 'credits',
    dimensions: ['type', 'cause'],
  },
  jobs: {
    about: 'Jobs that have ended.',
    unit: 'number',
    dimensions: ['type', 'outcome'],
  },
  'jobs.failed': {
    about: 'Jobs that have failed for good, by the code of their error.',
    unit: 'number',
    dimensions: ['type', 'code'],
  },
  'jobs.wait': {
    about: 'How long completed jobs waited for their first worker.',
    unit: 'milliseconds',
    dimensions: ['type'],
    isMeasured: true,
  },
  'jobs.run': {
    about: 'From the first worker of a job to its completion.',
    unit: 'milliseconds',
    dimensions: ['type'],
    isMeasured: true,
  },
  'accounts.registered': { about: 'New accounts.', unit: 'number' },
  'accounts.signIns': { about: 'Sign-ins.', unit: 'number', isActivity: true },
  'accounts.signInsFailed': { about: 'Sign-ins with a wrong password.', unit: 'number' },
  calls: { about: 'Calls of the API.', unit: 'number', isActivity: true },
  'calls.time': {
    about: 'How long the API took to answer.',
    unit: 'milliseconds',
    dimensions: ['operation', 'status'],
    isMeasured: true,
    isOfApp: true,
  },
  'calls.failed': {
    about: 'Calls that were refused or failed, by the code of the error.',
    unit: 'number',
    dimensions: ['operation', 'code'],
    isOfApp: true,
  },
  'users.active': {
    about: 'Users who called the API or signed in.',
    unit: 'number',
    isOfApp: true,
  },
  'users.retained': {
    about: 'Of each month: the active users, by the month in which they registered.',
    unit: 'number',
    dimensions: ['registered'],
    isOfApp: true,
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** Finds a metric by its name. */
export function findMetric(name: string): Metric | undefined {
  return (METRICS as Record<string, Metric>)[name];
}

/** The metrics by which users are active. */
export const ACTIVITY: string[] = Object.entries<Metric>(METRICS)
  .filter(([, { isActivity }]) => isActivity)
  .map(([name]) => name);
