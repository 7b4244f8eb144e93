import { Schema } from 'mongoose';

/** The limits of an account, by what they limit. @param limit the field of each */
export function makeLimitsSchema<F extends { type: typeof Number }>(limit: F) {
  return new Schema(
    {
      bytes: limit,
      documents: limit,
      uploads: limit,
      jobs: limit,
      minutes: limit,
      renders: limit,
      credits: limit,
      calls: limit,
    },
    { _id: false },
  );
}
