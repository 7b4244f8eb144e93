import { existsSync, globSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../src/local/tools/run.ts';

const FOLDER = '.serverless';
/** What a package is made of. */
const SOURCES = [
  'functions/**/*.ts',
  'src/**/*.ts',
  'migrations/*.ts',
  'scripts/package/*',
  'deploy/*.yml',
  ...['serverless.yml', 'openapi.json', 'package-lock.json'],
];

/** Makes sure that `.serverless` is the package of this checkout; building it takes minutes. */
export async function providePackage(): Promise<void> {
  const isCurrent = existsSync(FOLDER) && findOldest() > findNewest();
  if (!isCurrent) await run(process.execPath, ['scripts/package.ts']);
}

/** Unzips a function's package into a folder. @returns its folder */
export async function unzip(name: string, into: string): Promise<string> {
  const folder = join(into, name);
  mkdirSync(folder, { recursive: true });
  await run('unzip', ['-q', `${FOLDER}/${name}.zip`, '-d', folder]);
  return folder;
}

function findOldest(): number {
  const zips = readdirSync(FOLDER).filter((name) => name.endsWith('.zip'));
  return Math.min(...zips.map((name) => statSync(join(FOLDER, name)).mtimeMs));
}

function findNewest(): number {
  const files = SOURCES.flatMap((pattern) => globSync(pattern));
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}
