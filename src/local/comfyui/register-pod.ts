import { BACKGROUND } from '../../data/deadlines.ts';
import { UUID } from '../../data/ids.ts';

/** The pod of `npm start`: always the same one, wherever its ComfyUI listens this time. */
const LOCAL_POD = new UUID('00000000-0000-7000-8000-00000000c0de');
/** How long it may take to say what it can do, in ms. */
const PATIENCE = 20_000;

/** Makes the ComfyUI at this address the pod of this machine, and asks it what nodes it has. */
export async function registerLocalPod(baseUrl: string): Promise<void> {
  // What reads settings is imported once these are there.
  const [{ connect }, { systemCtx }, { insert, update }, { ComfyUIPod }, { findPod }, checks] =
    await Promise.all([
      import('../../data/connection.ts'),
      import('../../context.ts'),
      import('../../data/write.ts'),
      import('../../models/generation/comfyui/pod.ts'),
      import('../../services/generation/comfyui/pods.ts'),
      import('../../services/generation/comfyui/check-pods.ts'),
    ]);
  // It may be the first of the worker that does, whose patience is that of queues.
  await connect(BACKGROUND);
  const ctx = systemCtx('start');
  const values = { baseUrl, isPrivate: true, isDraining: false, status: 'STARTING' };
  const known = await update(ctx, ComfyUIPod, { _id: LOCAL_POD }, { set: values }, 'register');
  if (!known) {
    const name = 'ComfyUI of this machine';
    await insert(ctx, ComfyUIPod, { _id: LOCAL_POD, name, ...values }, 'register');
  }
  const pod = await findPod(ctx, LOCAL_POD);
  if (pod) await checks.checkPod(ctx, pod, AbortSignal.timeout(PATIENCE));
}
