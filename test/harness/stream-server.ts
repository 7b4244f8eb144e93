import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./stream-process.ts', import.meta.url));

/** A process that serves event streams, and may be killed. */
export interface StreamServer {
  /** Where it answers: the same after each start. */
  url(): string;
  pid(): number;
  /** Kills it by SIGKILL, and starts it again. */
  killAndStart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on the place of this test file. @param settings variables beside those of the place */
export async function startStreamServer(
  settings: Record<string, string> = {},
): Promise<StreamServer> {
  let child: ChildProcess;
  let url = '';
  async function start(): Promise<void> {
    child = fork(program, [url ? new URL(url).port : '0'], {
      env: { ...process.env, ...settings },
    });
    const [said] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`The server ended with ${code}.`);
      }),
    ]);
    url = said as string;
  }
  async function kill(): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await start();
  return {
    url: () => url,
    pid: () => child.pid as number,
    async killAndStart() {
      await kill();
      await start();
    },
    stop: kill,
  };
}
