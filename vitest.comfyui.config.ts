import { defineSuite } from './vitest.suite.ts';

/** What a ComfyUI must do: a real one at COMFYUI_URL, or the stand-in. */
export const comfyui = ['test/generation/comfyui/contract/**/*.test.ts'];

// One file at a time, because a real server runs one prompt at a time, and all of them share it. It needs
// neither a database nor S3.
export default defineSuite(comfyui, { globalSetup: [], fileParallelism: false });
