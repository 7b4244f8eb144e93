import { formatError, formatMessage, type Log, toStderr } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { readSettings } from '../settings.ts';
import { startStack } from './stack.ts';

/** Runs the stack until a signal ends it: this is `npm start`. */
export async function run(root: string, args: string[], log: Log = toStderr): Promise<void> {
  const began = Date.now();
  const stopping = new Promise<void>((resolve) => {
    // `on`, not `once`: npm forwards a signal that the terminal has already sent, and the second
    // one must not kill.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  const starting = startStack(readSettings(root, process.env, args), log);
  const stack = await Promise.race([starting, stopping]).catch((error: unknown) => {
    log(error instanceof Refusal ? formatMessage(error) : formatError(error));
    process.exit(1);
  });
  if (!stack) process.exit(0); // the children end with this process
  const { api, mongodb, s3, queue, comfyui, isComfyuiReal } = stack.state;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(
    `ready  api ${api}  docs ${api}/docs  mongodb ${mongodb}  s3 ${s3}  queue ${queue}  (${seconds} s)`,
  );
  if (!isComfyuiReal) {
    log(`ComfyUI at ${comfyui} is a stand-in: it draws gradients and plays chords, by no model.`);
    log('Set COMFYUI_URL to the address of a real one to use that.');
  }
  await stopping;
  log('stopping');
  await stack.stop();
  process.exit(0);
}
