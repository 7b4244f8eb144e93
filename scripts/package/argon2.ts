import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/local/tools/run.ts';

const NAME = '@node-rs/argon2-linux-x64-gnu';

/**
 * Makes sure that argon2's native module for Lambda is in node_modules. On Linux x64 `npm ci` put it there; elsewhere npm
 * left it out as another machine's, and it is fetched by npm and held to the lock file's hash.
 */
export async function provideArgon2(): Promise<void> {
  const folder = `node_modules/${NAME}`;
  if (existsSync(`${folder}/package.json`)) return;
  const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[folder];
  const temporary = mkdtempSync(join(tmpdir(), 'mixdown-'));
  try {
    await run('npm', ['pack', `${NAME}@${locked.version}`, '--pack-destination', temporary]);
    const archive = join(temporary, String(readdirSync(temporary)[0]));
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (locked.integrity !== `sha512-${hash}`) throw new Error(`${NAME} is not what was locked.`);
    mkdirSync(folder, { recursive: true });
    await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
