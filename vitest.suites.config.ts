import { attacks } from './vitest.attacks.config.ts';
import { comfyui } from './vitest.comfyui.config.ts';
import { crowds } from './vitest.crowds.config.ts';
import { generation } from './vitest.generation.config.ts';
import { lengths } from './vitest.lengths.config.ts';
import { media } from './vitest.media.config.ts';
import { providers } from './vitest.providers.config.ts';
import { stack } from './vitest.stack.config.ts';
import { stripe } from './vitest.stripe.config.ts';
import { defineSuite } from './vitest.suite.ts';

// What CI runs beside `npm test`, as one suite: the parts are started once, and while one file waits, others work.
export default defineSuite([...attacks, ...crowds, ...media, ...providers, ...stack, ...stripe], {
  exclude: [...comfyui, ...generation, ...lengths],
  maxWorkers: 3,
});
