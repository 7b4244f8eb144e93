import { formatMessage, type Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { fetchOnce, findCached } from './cache.ts';
import { findOnPath, isExecutable, run } from './run.ts';

/**
 * A program that is found by its environment variable, on PATH, in the cache, or is downloaded into
 * the cache.
 */
export type Tool = {
  name: string;
  /** The environment variable that names its file. */
  variable: string;
  version: string;
  /** What it is for, in a few words. */
  purpose: string;
  /**
   * How to ask a program for its version, and the lowest major version that is accepted on PATH.
   */
  check: { args: string[]; pattern: RegExp; atLeast: number };
  /**
   * Ways to download or build it, the best first. `fetch` puts it into a folder and returns its
   * path.
   */
  sources: { how: string; fetch: (folder: string) => Promise<string> }[];
  /** What the user can do when none of them works. */
  remedy: string;
};

/** A program that says nothing for so long cannot run. */
const PATIENCE = { timeout: 10_000 };

/** Finds a tool, or downloads it. @throws Refusal that says what to install or set */
export async function find(tool: Tool, log: Log): Promise<string> {
  const named = process.env[tool.variable];
  if (named) {
    if (!(await isExecutable(named)))
      throw new Refusal(`${tool.variable} names ${named}, which is not an executable file.`);
    try {
      await run(named, tool.check.args, PATIENCE);
    } catch (error) {
      throw new Refusal(
        `${tool.variable} names a program that cannot run. ${formatMessage(error)}`,
      );
    }
    return named;
  }
  const installed = await findOnPath(tool.name);
  if (installed && (await isUsable(installed, tool, log))) return installed;
  return (
    (await findCached(tool.name, tool.version)) ?? fetchOnce(tool.name, tool.version, log, make)
  );

  async function make(folder: string): Promise<string> {
    const failures: string[] = [];
    for (const { how, fetch } of tool.sources) {
      log(`Fetching ${tool.name}, ${tool.purpose}: ${how}.`);
      try {
        return await fetch(folder);
      } catch (error) {
        failures.push(formatMessage(error));
      }
    }
    const why = failures.length > 0 ? ` (${failures.join('; ')})` : '';
    throw new Refusal(`${tool.name} could not be fetched${why}. ${tool.remedy}`);
  }
}

/** Whether a program on PATH runs and is recent; what cannot run is passed over. */
async function isUsable(file: string, { check }: Tool, log: Log): Promise<boolean> {
  try {
    const major = check.pattern.exec(await run(file, check.args, PATIENCE))?.[1];
    // A build without a version number comes from the development branch, which is newer than any
    // release.
    return major === undefined || Number(major) >= check.atLeast;
  } catch (error) {
    log(`${file} cannot run, and another one is taken. ${formatMessage(error)}`);
    return false;
  }
}
