import { mkdtemp, rm } from 'node:fs/promises';
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
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-test-'));
  const tools = await startTools({ dir, testCommands: true });
  project.provide('tools', tools.info);
  process.env.FFMPEG_PATH = tools.info.ffmpeg;
  return async () => {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
