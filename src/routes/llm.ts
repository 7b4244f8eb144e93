import Joi from 'joi';
import { bodyOf } from '../api/input.ts';
import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { ownedFields } from '../api/verbs.ts';
import { LlmInteraction } from '../models/llm/interaction.ts';

const LONGEST_PROMPT = 64 * 1024;

/** Asking a language model. */
export const interactionActions: Route[] = [
  notYet(
    {
      method: 'POST',
      path: '/v1/llm/interactions',
      id: 'createLlmInteraction',
      summary: 'Ask a language model: a `prompt`, or `messages`.',
      tag: 'LlmInteractions',
      access: 'user',
      body: bodyOf(LlmInteraction.shape, 'create')
        .fork(['model', 'messages'], (field) => field.optional())
        .keys({ prompt: Joi.string().max(LONGEST_PROMPT) })
        .xor('prompt', 'messages'),
      example: { model: 'qwen-omni', prompt: 'Which key suits a sea shanty?' },
      owned: ownedFields(LlmInteraction, 'create'),
    },
    'No language model can be reached yet.',
  ),
];
