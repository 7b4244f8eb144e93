import { type Log, sentenceOf, textOf, toStderr } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { readSettings } from '../settings.ts';
import { startStack } from './stack.ts';

/** What `npm start` does: runs the stack until it is told to end. */
export async function run(root: string, args: string[], log: Log = toStderr): Promise<void> {
  const began = Date.now();
  const stopping = new Promise<void>((resolve) => {
    // Not once: npm passes on what the terminal has sent already, and a second one must not kill.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  const starting = startStack(readSettings(root, process.env, args), log);
  const stack = await Promise.race([starting, stopping]).catch((error: unknown) => {
    log(error instanceof Refusal ? sentenceOf(error) : textOf(error));
    process.exit(1);
  });
  if (!stack) process.exit(0); // the leash ends what was begun
  const { api, mongodb, s3, queue } = stack.state;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(
    `ready  api ${api}  docs ${api}/docs  mongodb ${mongodb}  s3 ${s3}  queue ${queue}  (${seconds} s)`,
  );
  await stopping;
  log('stopping');
  await stack.stop();
  process.exit(0);
}
