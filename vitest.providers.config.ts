import { defineSuite } from './vitest.suite.ts';

/** What is paid by Stripe and made by ComfyUI and RunPod, with stand-ins that fail as these do. */
export const providers = ['test/generation/**/*.test.ts', 'test/payments/**/*.test.ts'];

// Apart from the others, because a stand-in takes its time, or keeps silent until it is given up.
export default defineSuite(providers, {
  exclude: ['test/generation/comfyui/contract/**', 'test/generation/simulation/**'],
  maxWorkers: 3,
});
