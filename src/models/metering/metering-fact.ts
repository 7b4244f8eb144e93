import { Schema } from 'mongoose';
import { type DocOf, entity, freeForm } from '../../data/entity.ts';

function makeAmountSchema() {
  return new Schema(
    {
      metric: {
        type: String,
        required: true,
        maxlength: 64,
        description: 'The metric: `exports`.',
      },
      dimensions: freeForm(512, {
        required: true,
        description: 'What distinguishes the amounts of a metric: key → value.',
      }),
      amount: {
        type: Number,
        required: true,
        description: 'In the unit of the metric; negative where something is gone.',
      },
      values: {
        type: [Number],
        default: undefined,
        maxItems: 400,
        description:
          'Of what a process has counted: the single values, of which `amount` is the sum.',
      },
      counts: {
        type: [Number],
        default: undefined,
        maxItems: 400,
        description: 'How often each of `values` came.',
      },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    at: {
      personal: 'export',
      type: Date,
      required: true,
      server: true,
      description: 'When it happened.',
    },
    hour: {
      personal: 'none',
      type: Date,
      required: true,
      server: true,
      description: 'The beginning of the hour that it counts in: of `at`, unless it came too late.',
    },
    amounts: {
      personal: 'export',
      type: [makeAmountSchema()],
      required: true,
      maxItems: 500,
      server: true,
      description: 'What it counts for, one for each metric and its dimensions.',
    },
    isPending: {
      personal: 'none',
      type: Boolean,
      server: true,
      description: 'Until the stats of its hour have been made with it.',
    },
    expiresAt: {
      personal: 'none',
      type: Date,
      server: true,
      description: 'When the database deletes it: 90 days after the stats were made with it.',
    },
  });

  // What stats are made of, and made again where a fact comes late.
  schema.index({ user: 1, hour: 1 });
  schema.index(
    { isPending: 1, user: 1, hour: 1 },
    { name: 'pending', partialFilterExpression: { isPending: true } },
  );
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return schema;
}

export const MeteringFact = entity('MeteringFact', define, {
  about:
    'One cause of usage, such as an audited change or an entry of the ledger, whose id it has: so it is counted once.',
  owner: 'optional',
  audited: false,
});

export type MeteringFactDoc = DocOf<typeof MeteringFact>;
