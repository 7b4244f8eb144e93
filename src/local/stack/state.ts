import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What runs, as URLs; `mongodb` with the database in it. The content of `local.json`. */
export type State = { pid: number; api: string; mongodb: string; s3: string; queue: string };

const fileIn = (dir: string) => join(dir, 'local.json');

/** Says in `local.json` what runs; the file appears whole. */
export function writeState(dir: string, state: State): void {
  const draft = `${fileIn(dir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(draft, fileIn(dir));
}

/** What `local.json` says, if it is there. A killed run leaves one behind: see its `pid`. */
export function readState(dir: string): State | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dir), 'utf8')) as State; // written above
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes `local.json` away: nothing runs any more. */
export function forgetState(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}
