import { attacks } from './vitest.attacks.config.ts';
import { clients } from './vitest.clients.config.ts';
import { comfyui } from './vitest.comfyui.config.ts';
import { crowds } from './vitest.crowds.config.ts';
import { generation } from './vitest.generation.config.ts';
import { lambda } from './vitest.lambda.config.ts';
import { media } from './vitest.media.config.ts';
import { providers } from './vitest.providers.config.ts';
import { recipes } from './vitest.recipes.config.ts';
import { releases } from './vitest.releases.config.ts';
import { renders } from './vitest.renders.config.ts';
import { stack } from './vitest.stack.config.ts';
import { stripe } from './vitest.stripe.config.ts';
import { defineSuite } from './vitest.suite.ts';

// Each file has a database, a bucket and queues of its own in the parts that all of them share.
export default defineSuite(['test/**/*.test.ts'], {
  exclude: [
    'test/campaign/**',
    ...attacks,
    ...clients,
    ...comfyui,
    ...crowds,
    ...generation,
    ...lambda,
    ...media,
    ...providers,
    ...recipes,
    ...releases,
    ...renders,
    ...stack,
    ...stripe,
  ],
  maxWorkers: 3,
  // Against what hangs. How long something may take is said where it matters.
  testTimeout: 180_000,
  hookTimeout: 180_000,
});
