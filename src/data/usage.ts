import type { mongo } from 'mongoose';
import type { Stored } from './entity.ts';

/** What an account may have or use only so much of. */
export const METRICS = [
  ...(['bytes', 'documents', 'uploads', 'jobs', 'minutes', 'renders', 'credits'] as const),
] as const;
export type Metric = (typeof METRICS)[number];

/** So much of each. */
export type Usage = Partial<Record<Metric, number>>;

/** What the documents of an entity take of their owner's allowances, as long as they are there. */
export interface EntityUsage {
  of(document: Stored): Usage;
  /** The same as expressions of MongoDB, which the nightly recount sums up. */
  sums: Partial<Record<Metric, mongo.Document | string | number>>;
}

/** What a file takes: its bytes, and one of the uploads at once until it has arrived. */
export const fileUsage: EntityUsage = {
  of: ({ size, status }) => ({
    bytes: size as number,
    documents: 1,
    // A new one has no status yet.
    uploads: status === undefined || status === 'AWAITING_UPLOAD' ? 1 : 0,
  }),
  sums: {
    bytes: '$size',
    documents: 1,
    uploads: { $cond: [{ $eq: ['$status', 'AWAITING_UPLOAD'] }, 1, 0] },
  },
};
