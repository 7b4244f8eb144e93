import { Schema } from 'mongoose';
import { encrypted, entity, freeForm } from '../../data/entity.ts';
import { AUDIT_LOG } from '../reasons.ts';

function makeActorSchema() {
  return new Schema(
    {
      kind: {
        type: String,
        required: true,
        enum: ['USER', 'ADMIN', 'SYSTEM', 'PROVIDER', 'ANONYMOUS'],
        description:
          'Who acted: a user, an administrator, the system, a provider, or somebody unknown.',
      },
      id: { type: Schema.Types.UUID, description: 'The id of the user.' },
      name: {
        type: String,
        maxlength: 64,
        description: 'The name of the actor, where it is no user: `sweep`.',
      },
    },
    { _id: false },
  );
}

function define() {
  const schema = new Schema({
    actor: { type: makeActorSchema(), required: true, server: true, personal: AUDIT_LOG },
    action: {
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      personal: AUDIT_LOG,
      description: '`create`, `update`, `delete`, or the verb of the operation.',
    },
    entity: {
      type: String,
      required: true,
      maxlength: 64,
      server: true,
      personal: AUDIT_LOG,
      description: 'The entity of the changed document.',
    },
    document: {
      type: Schema.Types.UUID,
      required: true,
      server: true,
      personal: AUDIT_LOG,
      description: 'The id of the changed document.',
    },
    changes: encrypted(freeForm(256 * 1024), {
      server: true,
      personal: 'export',
      description:
        'Path → `[before, after]`; without secrets, and long values are replaced by their length. Not there once the person whose values they are was forgotten.',
    }),
    requestId: {
      type: String,
      required: true,
      maxlength: 128,
      server: true,
      personal: 'none',
      description: '`X-Request-Id` of the request.',
    },
    ip: encrypted({ type: String, maxlength: 64 }, { server: true, personal: 'export' }),
    chain: {
      type: Number,
      required: true,
      integer: true,
      server: true,
      personal: 'none',
      description: 'Which of the chains it is in: that of its owner, or of a document without one.',
    },
    sequence: {
      type: Number,
      required: true,
      integer: true,
      server: true,
      personal: 'none',
      description: 'Its position in the chain, without gaps.',
    },
    previousHash: {
      type: String,
      maxlength: 43,
      server: true,
      personal: 'none',
      description: 'The hash of the previous event in the chain; empty in the first.',
    },
    key: {
      type: Schema.Types.UUID,
      required: true,
      server: true,
      select: false,
      personal: 'none',
      description: 'The `AuditKey` of its hash.',
    },
    hash: {
      type: String,
      required: true,
      maxlength: 43,
      server: true,
      personal: 'none',
      description:
        'HMAC-SHA-256 over all of the event as it is stored, its place and the previous hash among it.',
    },
  });

  schema.index({ user: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, entity: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, action: 1, createdAt: -1, _id: -1 });
  schema.index({ user: 1, document: 1, createdAt: -1, _id: -1 });
  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ entity: 1, createdAt: -1, _id: -1 });
  schema.index({ action: 1, createdAt: -1, _id: -1 });
  schema.index({ document: 1, createdAt: -1, _id: -1 });
  schema.index({ chain: 1, sequence: 1 }, { unique: true });

  return schema;
}

export const AuditEvent = entity('AuditEvent', define, {
  about: 'An audited write: who changed what. Append-only, in chains of signed hashes.',
  owner: 'optional',
  audited: false,
  appendOnly: true,
});
