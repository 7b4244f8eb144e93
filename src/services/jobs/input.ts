import Joi from 'joi';
import { joinPath } from '../../clip.ts';
import { parseId, UUID } from '../../data/ids.ts';
import { invalid } from '../../errors.ts';
import type { JobType } from './job-type.ts';

/** An id in a job's input: a UUID as it is stored, or its text as a client sends it. */
export function idInput(): Joi.AnySchema<UUID> {
  return Joi.any().custom((value: unknown, { error }) => {
    const id = value instanceof UUID ? value : parseId(value);
    return id ?? error('any.invalid');
  });
}

/** The input of a job, checked and typed. @throws AppError VALIDATION_FAILED naming every fault */
export function checkInput<I extends object>(
  { input: schema }: Pick<JobType<I>, 'input'>,
  input: object,
): I {
  const { value, error } = schema.validate(input, OPTIONS);
  if (!error) return value;
  throw invalid(
    error.details.map(({ path, message }) => ({ path: joinPath(['input', ...path]), message })),
  );
}

const OPTIONS = { abortEarly: false, errors: { label: false } } satisfies Joi.ValidationOptions;
