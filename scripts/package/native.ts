import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/local/tools/run.ts';

const NAMES = [
  '@node-rs/argon2-linux-x64-gnu',
  '@img/sharp-linux-x64',
  '@img/sharp-libvips-linux-x64',
];

/**
 * Makes sure that the native modules for Lambda are in node_modules. On Linux x64 `npm ci` put them there; elsewhere npm
 * left them out as another machine's, and they are fetched by npm and held to the lock file's hashes.
 */
export async function provideNative(): Promise<void> {
  for (const name of NAMES) await provide(name);
}

async function provide(name: string): Promise<void> {
  const folder = `node_modules/${name}`;
  if (existsSync(`${folder}/package.json`)) return;
  const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[folder];
  const temporary = mkdtempSync(join(tmpdir(), 'mixdown-'));
  try {
    await run('npm', ['pack', `${name}@${locked.version}`, '--pack-destination', temporary]);
    const archive = join(temporary, String(readdirSync(temporary)[0]));
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (locked.integrity !== `sha512-${hash}`) throw new Error(`${name} is not what was locked.`);
    mkdirSync(folder, { recursive: true });
    await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
