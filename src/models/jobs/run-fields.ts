import { ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

/**
 * What is stored of anything that a job carries out: the job, how it stands and why it failed.
 * @param statuses the first is where it begins
 */
export function runFields<const S extends readonly [string, ...string[]]>(statuses: S) {
  return {
    job: ref('Job', {
      server: true,
      onDelete: 'unset',
      description: 'The job that carries it out.',
    }),
    status: { type: String, required: true, enum: statuses, default: statuses[0], server: true },
    error: errorField,
    startedAt: { type: Date, server: true },
    completedAt: { type: Date, server: true },
  } as const;
}
