import { Schema } from 'mongoose';
import { MOST_OUTPUTS, OUTPUT_KINDS } from './workflow-parameter.ts';

/** What of an execution is reviewed, where there is a moderation. */
export const REVIEWED = ['INPUTS', 'OUTPUTS'] as const;
export type Reviewed = (typeof REVIEWED)[number];

function makeFileSchema() {
  return new Schema(
    {
      node: { type: String, required: true, maxlength: 64 },
      kind: { type: String, required: true, enum: OUTPUT_KINDS },
      fileName: { type: String, required: true, maxlength: 1024 },
      subfolder: { type: String, maxlength: 1024 },
      medium: { type: Schema.Types.UUID, required: true },
      isStored: { type: Boolean, required: true, default: false },
      stagedBytes: { type: Number, min: 1 },
    },
    { _id: false },
  );
}

function makeRefusalSchema() {
  return new Schema(
    {
      pod: { type: Schema.Types.UUID, required: true },
      code: { type: String, required: true, enum: ['REFUSED', 'INPUT_TOO_LARGE'] },
      reason: { type: String, required: true, maxlength: 300 },
    },
    { _id: false },
  );
}

/** What the steps of an execution keep for each other, and clients do not see. */
export const stateFields = () =>
  ({
    allowed: {
      personal: 'none',
      type: [{ type: String, enum: REVIEWED }],
      default: undefined,
      server: true,
      select: false,
      maxItems: 2,
      description: 'What of it has been reviewed, and allowed.',
    },
    heldGpuSeconds: {
      personal: 'none',
      type: Number,
      min: 0,
      server: true,
      select: false,
      description: 'For how long of a run credits are held.',
    },
    fence: {
      personal: 'none',
      type: Number,
      integer: true,
      min: 0,
      select: false,
      server: true,
      description:
        'The fencing token of the claim that wrote last; what has a lesser one is refused.',
    },
    submissions: {
      personal: 'none',
      type: Number,
      required: true,
      default: 0,
      integer: true,
      server: true,
      select: false,
      description: 'How often it was given to a pod.',
    },
    minVram: {
      personal: 'none',
      type: Number,
      integer: true,
      server: true,
      select: false,
      description: 'It did not fit into a pod with so many bytes.',
    },
    refusals: {
      personal: 'none',
      type: [makeRefusalSchema()],
      default: undefined,
      server: true,
      select: false,
      maxItems: 100,
      description: 'The pods that have refused it, which are not asked again, and why.',
    },
    lookedAt: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'When a worker last took it into hand.',
    },
    waitingSince: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'Since when no pod could take it.',
    },
    sentAt: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'When it was sent to the pod.',
    },
    runningSince: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'When it was first seen to run at its pod.',
    },
    missingSince: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'Since when the pod does not know it.',
    },
    unreachedSince: {
      personal: 'none',
      type: Date,
      server: true,
      select: false,
      description: 'Since when the pod cannot be reached.',
    },
    files: {
      personal: 'erase',
      type: [makeFileSchema()],
      default: undefined,
      server: true,
      select: false,
      maxItems: MOST_OUTPUTS,
      description: 'The files of the pod that become media, whose ids are chosen before.',
    },
  }) as const;
