import type { Route } from '../../api/http/route.ts';
import { limitText, makeBody } from '../../api/resource/input.ts';
import { notYetCreate } from '../../api/resource/not-yet.ts';
import { LlmInteraction } from '../../models/generation/llm/interaction.ts';

const LONGEST_PROMPT = 64 * 1024;

/** Asking a language model. */
export const interactionActions: Route[] = [
  notYetCreate(
    LlmInteraction,
    {
      path: '/v1/llm/interactions',
      summary: 'Ask a language model: a `prompt`, or `messages`.',
      example: { model: 'qwen-omni', prompt: 'Which key suits a sea shanty?' },
    },
    'No language model can be reached yet.',
    () =>
      makeBody(LlmInteraction.shape, 'create')
        .fork(['model', 'messages'], (field) => field.optional())
        .keys({ prompt: limitText(LONGEST_PROMPT) })
        .xor('prompt', 'messages'),
  ),
];
