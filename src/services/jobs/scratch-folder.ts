import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the files of one piece of work. */
export interface ScratchDir extends AsyncDisposable {
  path: string;
}

/** When this process began: in a sandbox the next one may have its number. */
export const BORN = Math.floor(performance.timeOrigin);

/** A new folder, removed with all in it at the end of `await using`. Its name says whose it is. */
export async function makeScratchDir(): Promise<ScratchDir> {
  const path = await mkdtemp(join(tmpdir(), `mixdown-work-${process.pid}-${BORN}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
