import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { withoutDatabase } from '../src/data/connection-string.ts';
import { type Deployment, readDeployment, startTools, type ToolsInfo } from '../src/local/cloud.ts';
import { startPlaces } from './harness/places.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tools: ToolsInfo;
    deployment: Deployment;
    /** The folder in which a test file asks for its place. */
    places: string;
    /** The folder of the API's OpenAPI document and of the checks compiled from it. */
    contract: string;
  }
}

const repository = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** What all test files share: one mongod, one S3 and one queue, and what is computed once for all. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(await root(), 'mixdown-test-'));
  const contract = join(dir, 'contract');
  const asking = join(dir, 'places');
  await Promise.all([mkdir(contract), mkdir(asking)]);
  const writeContract = () =>
    run(process.execPath, [join(repository, 'test/harness/write-checks.ts'), contract]);
  // As where it is deployed: functions and migrations may do what their roles allow, and no more.
  const adminPassword = randomBytes(16).toString('hex');
  const [tools] = await Promise.all([
    startTools({ dir, forTests: true, adminPassword }),
    writeContract(),
  ]);
  // In watch mode the code may have changed.
  project.onTestsRerun(async () => void (await writeContract()));
  const deployment = readDeployment(repository);
  // A database that the user's own connection string names is not for tests.
  const info = { ...tools.info, mongodb: withoutDatabase(tools.info.mongodb) };
  const places = startPlaces(info, deployment, asking);
  project.provide('tools', info);
  project.provide('deployment', deployment);
  project.provide('places', asking);
  project.provide('contract', contract);
  process.env.FFMPEG_PATH = info.ffmpeg;
  return async () => {
    await places.stop();
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
