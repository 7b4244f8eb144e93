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

/** Where fetched tools are kept, shared by all checkouts of one user. */
export function cacheDir(): string {
  const { MIXDOWN_CACHE, XDG_CACHE_HOME } = process.env;
  return MIXDOWN_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'mixdown');
}

/** The tool if it was fetched before and is what it was then. */
export async function cached(tool: string, version: string): Promise<string | undefined> {
  const file = join(cacheDir(), `${tool}-${version}`, tool);
  const seal = await readSeal(file);
  if (!seal) return undefined;
  const { size, mtimeMs } = await stat(file);
  // 400 MB of tools take a third of a second to hash: only when size or time moved.
  if (seal.size === size && seal.mtimeMs === mtimeMs) return file;
  if (seal.size !== size || seal.sha256 !== (await sha256(file))) return undefined;
  await writeSeal(file);
  return file;
}

/**
 * Fetches a tool once for all processes: `make` puts it into an empty folder and answers its path;
 * it appears in the cache whole or not at all.
 */
export async function fetchOnce(
  tool: string,
  version: string,
  log: Log,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  await mkdir(cacheDir(), { recursive: true });
  const lock = await waitForLock(join(cacheDir(), `${tool}.lock`), ({ pid }) =>
    log(`Waiting for process ${pid}, which is fetching ${tool}.`),
  );
  try {
    const present = await cached(tool, version);
    if (present) return present;
    await removeDrafts(tool);
    const folder = await mkdtemp(join(cacheDir(), `.${tool}-`));
    try {
      const made = await make(folder);
      const staged = join(folder, 'done', tool);
      await mkdir(join(folder, 'done'));
      await rename(made, staged);
      await chmod(staged, 0o755);
      await writeSeal(staged);
      const home = join(cacheDir(), `${tool}-${version}`);
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

/** What a fetch that was killed left behind; whoever holds the lock is the only one at work. */
async function removeDrafts(tool: string): Promise<void> {
  for (const name of await readdir(cacheDir())) {
    if (!name.startsWith(`.${tool}-`)) continue;
    await rm(join(cacheDir(), name), { recursive: true, force: true });
  }
}

/** The SHA-256 of a file, as hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

type Seal = { sha256: string; size: number; mtimeMs: number };

const sealOf = (file: string) => `${file}.seal.json`;

async function writeSeal(file: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const seal: Seal = { sha256: await sha256(file), size, mtimeMs };
  await writeFile(sealOf(file), `${JSON.stringify({ file: basename(file), ...seal })}\n`);
}

async function readSeal(file: string): Promise<Seal | undefined> {
  try {
    await stat(file);
    return JSON.parse(await readFile(sealOf(file), 'utf8')) as Seal; // we wrote it
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
