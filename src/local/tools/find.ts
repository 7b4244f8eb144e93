import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { cached, fetchOnce } from './cache.ts';
import { isExecutable, onPath, run } from './run.ts';

/** How one tool is found: by its variable, on PATH, in the cache, or fetched into it. */
export type Tool = {
  name: string;
  /** The environment variable that names its file. */
  variable: string;
  version: string;
  /** What it is for, in one clause. */
  purpose: string;
  /** How to ask one on PATH for its version, and the lowest major version that will do. */
  check?: { args: string[]; pattern: RegExp; atLeast: number };
  /** Ways to fetch it, best first: each says how, and puts it into a folder. */
  sources: { how: string; fetch: (folder: string) => Promise<string> }[];
  /** What to do when none of them works. */
  remedy: string;
};

/** The path of a tool, fetched if need be; a failure says what to install or set. */
export async function find(tool: Tool, log: Log): Promise<string> {
  const named = process.env[tool.variable];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Refusal(`${tool.variable} names ${named}, which is no executable file.`);
  }
  const installed = await onPath(tool.name);
  if (installed && (await isRecent(installed, tool))) return installed;
  return (await cached(tool.name, tool.version)) ?? fetchOnce(tool.name, tool.version, log, make);

  async function make(folder: string): Promise<string> {
    const failures: string[] = [];
    for (const { how, fetch } of tool.sources) {
      log(`Fetching ${tool.name}, ${tool.purpose}: ${how}.`);
      try {
        return await fetch(folder);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    const why = failures.length > 0 ? ` (${failures.join('; ')})` : '';
    throw new Refusal(`${tool.name} could not be fetched${why}. ${tool.remedy}`);
  }
}

async function isRecent(file: string, { check }: Tool): Promise<boolean> {
  if (!check) return true;
  const major = check.pattern.exec(await run(file, check.args))?.[1];
  // A build without a number is one from the development tree: newer than any release.
  return major === undefined || Number(major) >= check.atLeast;
}
