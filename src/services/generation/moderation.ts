import Joi from 'joi';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import type { Reviewed } from '../../models/generation/comfyui/execution-state.ts';
import type { Graph } from '../../models/generation/comfyui/workflow-graph.ts';

// The port to whatever judges what people ask for and what is made of it. There is none unless MODERATION_URL
// names one; where there is, nothing is given to a pod, and nothing becomes a medium, that it has not allowed.

/** What is to be judged. */
export interface Submission {
  of: Reviewed;
  execution: string;
  user: string;
  workflow: string;
  /** The values that were given: prompts, among others. */
  parameters?: Record<string, unknown>;
  /** The graph with these values: a prompt may as well stand in it, and be no parameter. */
  graph?: Graph;
  /** Media that go in, or come out, each under an address that expires. */
  media: { kind: string; contentType: string; url: string }[];
}

/** HOLD: an administrator has to decide. */
export interface Verdict {
  verdict: 'ALLOW' | 'HOLD' | 'REFUSE';
  reason: string;
}

/** How long an answer is waited for, in ms. */
const PATIENCE = 15_000;

/** Whether anything is judged at all. */
export function isModerated(): boolean {
  return config.moderationUrl !== undefined;
}

/** Asks for a verdict; null where none is given, which is none in favour. */
export async function askModerator(
  ctx: Ctx,
  submission: Submission,
  outer: AbortSignal,
): Promise<Verdict | null> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE)]);
  try {
    const response = await fetch(config.moderationUrl as string, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(submission),
      redirect: 'error',
      signal,
    });
    if (!response.ok) throw new Error(`The moderation answered ${response.status}.`);
    const { value, error } = verdict.validate(await response.json());
    if (error) throw new Error('The moderation answered with something that is no verdict.');
    return value;
  } catch (error) {
    outer.throwIfAborted();
    const { name, message } = error as Error;
    ctx.log.warn('The moderation gave no verdict.', { error: `${name}: ${message}` });
    return null;
  }
}

const verdict = Joi.object<Verdict>({
  verdict: Joi.valid('ALLOW', 'HOLD', 'REFUSE').required(),
  reason: Joi.string().allow('').max(500).default(''),
}).unknown();
