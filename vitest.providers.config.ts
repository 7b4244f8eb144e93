import { comfyui } from './vitest.comfyui.config.ts';
import { crowds } from './vitest.crowds.config.ts';
import { generation } from './vitest.generation.config.ts';
import { defineSuite } from './vitest.suite.ts';

/**
 * What is counted, costs credits and brings them, and what is made by ComfyUI and RunPod; with stand-ins of these and
 * of Stripe that fail as they do.
 */
export const providers = [
  'test/billing/**/*.test.ts',
  'test/generation/**/*.test.ts',
  'test/metering/**/*.test.ts',
  'test/payments/**/*.test.ts',
];

// Apart from the others, because a stand-in takes its time, or keeps silent until it is given up.
export default defineSuite(providers, {
  exclude: [...crowds, ...comfyui, ...generation],
  maxWorkers: 3,
});
