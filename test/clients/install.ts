import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const here = fileURLToPath(new URL('.', import.meta.url));
const cache = join(here, '../../.cache/clients');
const GENERATOR = '7.25.0';

/** Programs in Python that the suite has of its own. */
export const python = (name: string) => join(cache, 'python/bin', name);
export const generatorJar = join(cache, `openapi-generator-cli-${GENERATOR}.jar`);
/** Programs of the packages in package.json. */
export const bin = (name: string) => join(here, 'node_modules/.bin', name);

/** Installs what this suite alone needs, unless it is there: packages of npm, of Python and of Maven. */
export default async function install(): Promise<void> {
  await mkdir(cache, { recursive: true });
  await once('npm', ['package-lock.json'], async () => {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here });
  });
  await once('python', ['requirements.txt'], async () => {
    await run('python3', ['-m', 'venv', '--clear', join(cache, 'python')]);
    await run(python('pip'), ['install', '--quiet', '-r', join(here, 'requirements.txt')]);
  });
  if (await exists(generatorJar)) return;
  const artifact = `org.openapitools:openapi-generator-cli:${GENERATOR}`;
  const to = `-DoutputDirectory=${cache}`;
  await run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, to], { cwd: cache });
}

/** Does what depends on these files, if they have changed since it was last done. */
async function once(name: string, files: string[], work: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(here, file)));
  const digest = hash.digest('hex');
  const mark = join(name === 'npm' ? join(here, 'node_modules') : cache, `.${name}-installed`);
  if ((await exists(mark)) && (await readFile(mark, 'utf8')) === digest) return;
  await work();
  await writeFile(mark, digest);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Finds Chromium, which plays H.264 and AAC; where CI has none, Debian's is installed.
 * @throws Error when there is none
 */
export async function findChromium(): Promise<string> {
  const named = process.env.CHROMIUM_PATH;
  const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  for (const path of named ? [named] : paths) if (await exists(path)) return path;
  if (!process.env.CI || named)
    throw new Error('Install Chromium, or say where it is in CHROMIUM_PATH.');
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', 'chromium']);
  return '/usr/bin/chromium';
}
