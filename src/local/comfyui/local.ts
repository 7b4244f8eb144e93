import { shippedWorkflows } from '../../services/generation/comfyui/workflows/shipped-workflows.ts';
import { findFreePort } from '../process/ports.ts';
import { startComfyUi } from './start.ts';

/** The ComfyUI that `npm start` uses. */
export interface LocalComfyUi {
  readonly url: string;
  /** Whether it is the user's own, and not the stand-in. */
  readonly isReal: boolean;
  stop(): Promise<void>;
}

/** Uses the user's ComfyUI, or starts the stand-in on ComfyUI's usual port, or a free one. */
export async function startLocalComfyUi(
  url: string | undefined,
  ffmpeg: string,
): Promise<LocalComfyUi> {
  if (url) return { url, isReal: true, stop: async () => undefined };
  const server = await startComfyUi({
    port: await findFreePort(8188),
    ffmpeg,
    // So that progress can be watched.
    timings: { '*': 0.1, KSampler: 5 },
    models: shippedWorkflows.flatMap(({ models }) => models),
  });
  return { url: server.url, isReal: false, stop: () => server.stop() };
}
