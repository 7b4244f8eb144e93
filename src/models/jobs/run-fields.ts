import { ref } from '../../data/entity.ts';
import { errorField } from '../error-field.ts';

/**
 * The fields of a document whose work is done by a job: the job, the status and the error.
 * @param statuses the first is the initial one
 */
export function runFields<const S extends readonly [string, ...string[]]>(statuses: S) {
  return {
    job: ref('Job', {
      server: true,
      onDelete: 'unset',
      personal: 'none',
      description: 'The job that does the work.',
    }),
    status: {
      type: String,
      required: true,
      enum: statuses,
      default: statuses[0],
      server: true,
      personal: 'none',
    },
    error: errorField(),
    startedAt: { type: Date, server: true, personal: 'none' },
    completedAt: { type: Date, server: true, personal: 'none' },
  } as const;
}
