import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { waitForLock } from '../lock.ts';
import type { Log } from '../log.ts';

/** The folder of downloaded tools, shared by all checkouts of one user. */
export function getCacheDir(): string {
  const { MIXDOWN_CACHE, XDG_CACHE_HOME } = process.env;
  return MIXDOWN_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'mixdown');
}

/** Finds a tool in the cache, if its file has not changed since it was stored. */
export async function findCached(tool: string, version: string): Promise<string | undefined> {
  const file = join(getCacheDir(), `${tool}-${version}`, tool);
  const checksum = await readChecksum(file);
  if (!checksum) return undefined;
  const { size, mtimeMs } = await stat(file);
  // Hashing the tools takes a noticeable time, so it is done only when size or time have changed.
  if (checksum.size === size && checksum.mtimeMs === mtimeMs) return file;
  if (checksum.size !== size || checksum.sha256 !== (await hashFile(file))) return undefined;
  await writeChecksum(file);
  return file;
}

/**
 * Downloads or builds a tool, once for all processes: `make` puts it into an empty folder and
 * returns its path. The tool appears in the cache atomically.
 */
export async function fetchOnce(
  tool: string,
  version: string,
  log: Log,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  await mkdir(getCacheDir(), { recursive: true });
  const lock = await waitForLock(join(getCacheDir(), `${tool}.lock`), ({ pid }) =>
    log(`Waiting for process ${pid}, which is fetching ${tool}.`),
  );
  try {
    const present = await findCached(tool, version);
    if (present) return present;
    await removeDrafts(tool);
    const folder = await mkdtemp(join(getCacheDir(), `.${tool}-`));
    try {
      const made = await make(folder);
      const staged = join(folder, 'done', tool);
      await mkdir(join(folder, 'done'));
      await rename(made, staged);
      await chmod(staged, 0o755);
      await writeChecksum(staged);
      const home = join(getCacheDir(), `${tool}-${version}`);
      await rm(home, { recursive: true, force: true });
      await rename(join(folder, 'done'), home);
      return join(home, tool);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
}

/**
 * Deletes what killed processes have left behind; the caller holds the lock, so no other process is
 * at work.
 */
async function removeDrafts(tool: string): Promise<void> {
  for (const name of await readdir(getCacheDir())) {
    if (!name.startsWith(`.${tool}-`)) continue;
    await rm(join(getCacheDir(), name), { recursive: true, force: true });
  }
}

/** Computes the SHA-256 of a file, as hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

type Checksum = { sha256: string; size: number; mtimeMs: number };

const locateChecksum = (file: string) => `${file}.seal.json`;

async function writeChecksum(file: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const checksum: Checksum = { sha256: await hashFile(file), size, mtimeMs };
  await writeFile(
    locateChecksum(file),
    `${JSON.stringify({ file: basename(file), ...checksum })}\n`,
  );
}

async function readChecksum(file: string): Promise<Checksum | undefined> {
  try {
    await stat(file);
    return JSON.parse(await readFile(locateChecksum(file), 'utf8')) as Checksum; // written above
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
