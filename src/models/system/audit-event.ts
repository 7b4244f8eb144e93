import { Schema } from 'mongoose';
import { entity, freeForm } from '../../data/entity.ts';

const actorSchema = new Schema(
  {
    kind: {
      type: String,
      required: true,
      enum: ['USER', 'ADMIN', 'SYSTEM', 'PROVIDER', 'ANONYMOUS'],
    },
    id: { type: Schema.Types.UUID },
    name: { type: String, maxlength: 64 },
  },
  { _id: false },
);

const schema = new Schema({
  actor: { type: actorSchema, required: true, server: true },
  action: { type: String, required: true, maxlength: 64, server: true },
  entity: { type: String, required: true, maxlength: 64, server: true },
  document: { type: Schema.Types.UUID, required: true, server: true },
  changes: freeForm(256 * 1024, { server: true }),
  requestId: { type: String, required: true, maxlength: 128, server: true },
  ip: { type: String, maxlength: 64, server: true, personal: 'export' },
  // Awaits its place in the chain.
  unsealed: { type: Boolean, server: true, select: false },
  sequence: { type: Number, integer: true, server: true },
  previousHash: { type: String, server: true },
  hash: { type: String, server: true },
});

schema.index({ user: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, entity: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, action: 1, createdAt: -1, _id: -1 });
schema.index({ user: 1, document: 1, createdAt: -1, _id: -1 });
schema.index({ createdAt: -1, _id: -1 });
schema.index({ entity: 1, createdAt: -1, _id: -1 });
schema.index({ action: 1, createdAt: -1, _id: -1 });
schema.index({ document: 1, createdAt: -1, _id: -1 });
schema.index(
  { createdAt: 1, _id: 1 },
  { name: 'unsealed', partialFilterExpression: { unsealed: true } },
);
schema.index(
  { sequence: -1 },
  { unique: true, partialFilterExpression: { sequence: { $exists: true } } },
);

export const AuditEvent = entity('AuditEvent', schema, {
  about: 'What was done to what, by whom: append-only, sealed into a chain of hashes.',
  owner: 'optional',
  audited: false,
});
