import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The addresses of what runs, with the database in `mongodb`: the content of `local.json`. */
export type State = {
  pid: number;
  api: string;
  mongodb: string;
  s3: string;
  queue: string;
  comfyui: string;
  /** Whether that is a ComfyUI of the user's, and not the stand-in. */
  isComfyuiReal: boolean;
};

const locateState = (dir: string) => join(dir, 'local.json');

/** Writes `local.json`, atomically. */
export function writeState(dir: string, state: State): void {
  const draft = `${locateState(dir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(draft, locateState(dir));
}

/** Reads `local.json`, if it exists. A killed run leaves it behind: check its `pid`. */
export function readState(dir: string): State | undefined {
  try {
    return JSON.parse(readFileSync(locateState(dir), 'utf8')) as State; // written above
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Deletes `local.json`, because nothing runs any more. */
export function forgetState(dir: string): void {
  rmSync(locateState(dir), { force: true });
}
