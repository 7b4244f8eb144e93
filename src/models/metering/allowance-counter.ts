import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';
import { makeLimitsSchema } from './limits-schema.ts';

const counted = { type: Number, required: true, default: 0, server: true };
const whole = { ...counted, integer: true };

function define() {
  const schema = new Schema({
    bytes: {
      ...whole,
      personal: 'export',
      description: 'Of uploaded files, with former versions and the trash.',
    },
    documents: { ...whole, personal: 'export', description: 'Projects and media.' },
    uploads: { ...whole, personal: 'export', description: 'Media whose files have not arrived.' },
    jobs: {
      ...whole,
      personal: 'export',
      description: 'Jobs that have not ended, without child jobs.',
    },
    month: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'The month that the next two count.',
    },
    minutes: {
      ...counted,
      personal: 'export',
      description: 'Minutes of media that were processed.',
    },
    renders: { ...whole, personal: 'export', description: 'Exports, and images made to measure.' },
    day: {
      type: Date,
      required: true,
      server: true,
      personal: 'none',
      description: 'The day that the next one counts.',
    },
    credits: { ...whole, personal: 'export', description: 'Credits that were held for paid work.' },
    plan: {
      type: String,
      maxlength: 32,
      server: true,
      personal: 'export',
      description:
        'The plan that an administrator gave it, as the configuration calls it: goes before `paidPlan`.',
    },
    paidPlan: {
      type: String,
      maxlength: 32,
      server: true,
      personal: 'export',
      description: 'The plan of its subscription; without both it has the first one.',
    },
    limits: {
      type: makeLimitsSchema({ type: Number, min: 0 }),
      server: true,
      personal: 'export',
      description: 'What an administrator has allowed instead of what the plan says.',
    },
    batch: {
      type: Schema.Types.UUID,
      server: true,
      select: false,
      personal: 'none',
      description: 'The last command that counted in it what several requests had used.',
    },
    refusedAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When something was first refused since the counts were last verified.',
    },
    suspects: freeForm(1024, {
      server: true,
      personal: 'none',
      description:
        'By how much counts were too high when they were looked at: wrong if they still are.',
    }),
    cappedAt: {
      type: Date,
      server: true,
      personal: 'none',
      description:
        'When paid work was first refused for the credits of a day, and nobody was told.',
    },
  });

  schema.index({ user: 1 });
  schema.index({ refusedAt: 1 }, { sparse: true });
  schema.index({ cappedAt: 1 }, { sparse: true });

  return schema;
}

export const AllowanceCounter = entity('AllowanceCounter', define, {
  about:
    "What an account has and uses of its allowances: one document, with the user's id, that every use is counted in before it happens.",
  audited: false,
});

export type AllowanceCounterDoc = DocOf<typeof AllowanceCounter>;
