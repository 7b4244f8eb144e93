import { Schema } from 'mongoose';
import { entity } from '../../data/entity.ts';
import { makeLimitsSchema } from './limits-schema.ts';

function define() {
  const schema = new Schema({
    plan: {
      type: String,
      maxlength: 32,
      immutable: true,
      server: true,
      personal: 'export',
      description: 'The plan that the account has from then on; the first one without.',
    },
    limits: {
      type: makeLimitsSchema({ type: Number, min: 0, immutable: true, server: true }),
      immutable: true,
      server: true,
      personal: 'export',
      description: 'Limits that count instead of those of the plan.',
    },
    reason: {
      type: String,
      required: true,
      maxlength: 500,
      immutable: true,
      server: true,
      personal: 'export',
    },
    by: {
      type: Schema.Types.UUID,
      required: true,
      immutable: true,
      server: true,
      personal: 'none',
      description: 'The administrator.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });

  return schema;
}

export const AllowanceOverride = entity('AllowanceOverride', define, {
  about:
    "An administrator's exception from the allowances of an account; the latest one counts, and the former ones tell what was allowed before.",
});
