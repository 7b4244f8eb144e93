import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getCacheDir } from '../../src/local/tools/cache.ts';
import { run } from '../../src/local/tools/run.ts';
import { readPatterns } from './deployment.ts';
import { type Architecture, nameCpu } from './parameters.ts';

/**
 * Adds the native modules of an architecture to the functions that pack them. Those of this machine are
 * in node_modules, where osls finds them; others are downloaded by npm into the cache, and laid where
 * serverless-esbuild collects what belongs to one function only.
 * @throws Error for a pattern of serverless.yml that matches nothing: osls ignores it silently
 */
export async function provideNative(architecture: Architecture): Promise<void> {
  const platform = `linux-${nameCpu(architecture)}`;
  for (const { name, pattern } of readPatterns({ architecture })) {
    if (globSync(pattern).length > 0) continue;
    const [, folder, module] = /^(node_modules\/(@[\w-]+\/[\w-]+))\//.exec(pattern) ?? [];
    if (!folder || !module?.includes(platform))
      throw new Error(`No file matches ${pattern}, which serverless.yml adds to a package.`);
    cpSync(await fetchModule(module), join(`.esbuild/.build/__only_${name}`, folder), {
      recursive: true,
    });
  }
}

/** Downloads a package in the version of the lock file, once. @returns its folder */
async function fetchModule(name: string): Promise<string> {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const locked = packages[`node_modules/${name}`] as { version: string; integrity: string };
  if (!locked) throw new Error(`${name} is not in package-lock.json.`);
  const home = join(getCacheDir(), 'native', `${name.replace('/', '+')}@${locked.version}`);
  if (!existsSync(home)) await fetchPackage(`${name}@${locked.version}`, home, locked.integrity);
  return home;
}

/**
 * Downloads a package of npm into a folder, which appears once all is in it.
 * @param integrity the hash of its archive; without one npm's own check has to do
 */
export async function fetchPackage(wanted: string, home: string, integrity?: string) {
  const draft = `${home}.${process.pid}`;
  mkdirSync(join(draft, 'content'), { recursive: true });
  try {
    await run('npm', ['pack', wanted, '--silent', '--pack-destination', draft]);
    const archive = join(draft, String(readdirSync(draft).find((file) => file.endsWith('.tgz'))));
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (integrity && integrity !== `sha512-${hash}`)
      throw new Error(`${wanted} does not match its hash in package-lock.json.`);
    await run('tar', ['-xzf', archive, '-C', join(draft, 'content'), '--strip-components=1']);
    await mkdir(join(home, '..'), { recursive: true });
    await rm(home, { recursive: true, force: true });
    await rename(join(draft, 'content'), home);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
