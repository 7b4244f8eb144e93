import { Schema } from 'mongoose';
import { entity, freeForm, ref } from '../../../data/entity.ts';
import type { Fault } from '../../../errors.ts';
import { findAddressFault } from './pod-address.ts';

const COMFYUI_POD_STATUSES = ['STARTING', 'READY', 'BUSY', 'UNREACHABLE', 'STOPPED'] as const;

function define() {
  const schema = new Schema({
    name: { type: String, required: true, trim: true, maxlength: 120, personal: 'none' },
    baseUrl: {
      type: String,
      required: true,
      maxlength: 2048,
      match: /^https?:\/\/[^\s/]+(\/\S*)?$/,
      personal: 'none',
      description: 'The address of ComfyUI.',
    },
    isPrivate: {
      personal: 'none',
      type: Boolean,
      required: true,
      default: false,
      description:
        'Whether it may be in a private network; else only addresses of the public internet are connected to.',
    },
    isDraining: {
      personal: 'none',
      type: Boolean,
      required: true,
      default: false,
      description: 'Whether it gets no new work; what it has begun is followed to its end.',
    },
    runpodPod: ref('RunPodPod', {
      onDelete: 'unset',
      personal: 'none',
      description: 'The pod at RunPod that it runs on.',
    }),
    status: {
      type: String,
      required: true,
      enum: COMFYUI_POD_STATUSES,
      default: 'STARTING',
      server: true,
      personal: 'none',
    },
    capabilities: freeForm(256 * 1024, {
      server: true,
      personal: 'none',
      description: 'What it said of itself: `version`, `devices`, `nodes` (how many).',
    }),
    lastSeenAt: {
      type: Date,
      server: true,
      personal: 'none',
      description: 'When it last responded.',
    },
    queueRemaining: {
      type: Number,
      integer: true,
      min: 0,
      server: true,
      personal: 'none',
      description: 'The length of its queue.',
    },
    vramTotal: {
      personal: 'none',
      type: Number,
      integer: true,
      min: 0,
      server: true,
      description: 'Of its first device, in bytes: what did not fit goes to a pod with more.',
    },
    failures: {
      personal: 'none',
      type: Number,
      required: true,
      default: 0,
      integer: true,
      min: 0,
      server: true,
      select: false,
      description: 'Calls in a row that failed.',
    },
    retryAt: {
      personal: 'none',
      type: Date,
      server: true,
      description: 'Until when it gets no work, because calls failed (circuit breaker).',
    },
  });

  schema.index({ createdAt: -1, _id: -1 });
  schema.index({ status: 1, createdAt: -1, _id: -1 });
  schema.index({ runpodPod: 1 }, { sparse: true });

  return schema;
}

export const ComfyUIPod = entity('ComfyUIPod', define, {
  about: 'An instance of ComfyUI.',
  owner: 'none',
  refine: findAddressFaults,
});

function findAddressFaults(document: Record<string, unknown>): Fault[] {
  const { baseUrl, isPrivate } = document as { baseUrl: string; isPrivate?: boolean };
  const message = findAddressFault(baseUrl, { toPrivate: isPrivate === true, toLoopback: true });
  return message ? [{ path: 'baseUrl', message }] : [];
}
