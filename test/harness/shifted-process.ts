import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const preload = new URL('./shifted-clock.ts', import.meta.url).href;

/** A process of this test with a clock of its own; it ends with the test. */
export interface ShiftedProcess<T> {
  /** All that it has said so far. */
  said: T[];
  /** Tells it something. */
  tell(message: string): void;
}

/**
 * Starts `test/clocks/<name>.ts` on the database of this test file, with a clock that is so many ms ahead
 * of the database's, or behind.
 */
export function startShifted<T>(name: string, ahead: number): ShiftedProcess<T> {
  const file = fileURLToPath(new URL(`../clocks/${name}.ts`, import.meta.url));
  const child = fork(file, {
    execArgv: ['--import', preload],
    env: { ...process.env, CLOCK_AHEAD: String(ahead) },
  });
  const said: T[] = [];
  child.on('message', (message) => said.push(message as T));
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });
  return { said, tell: (message) => void child.send(message) };
}
