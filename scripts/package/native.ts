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
 * Makes sure that the native modules for Lambda are in node_modules. On Linux x64 `npm ci` has
 * installed them; on other machines they are downloaded by npm here, and verified with the hashes
 * of the lock file.
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
    if (locked.integrity !== `sha512-${hash}`)
      throw new Error(`${name} does not match its hash in package-lock.json.`);
    mkdirSync(folder, { recursive: true });
    await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
