import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startTools, type ToolsInfo } from '../src/local/cloud.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tools: ToolsInfo;
  }
}

/** One mongod, one S3 and one queue for all test files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(await root(), 'mixdown-test-'));
  const tools = await startTools({ dir, testCommands: true });
  project.provide('tools', tools.info);
  process.env.FFMPEG_PATH = tools.info.ffmpeg;
  return async () => {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

const MEMORY = '/dev/shm';
const ENOUGH = 4 * 2 ** 30;

/** In memory, where there is enough of it as files: none of it outlives the run, and no write waits for a disk. */
async function root(): Promise<string> {
  const found = await statfs(MEMORY).catch(() => undefined);
  return found && found.bavail * found.bsize >= ENOUGH ? MEMORY : tmpdir();
}
