import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This repository. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

const PACKAGES = 'node_modules';

/** Copies the files of this repository into a folder, as they are now, with its packages. */
export function copyRepository(folder: string): void {
  const args = ['ls-files', '-z', '-co', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: repository, encoding: 'utf8' });
  for (const file of listed.split('\0').filter((f) => f && existsSync(join(repository, f)))) {
    // Listed where it is a link itself.
    if (file !== PACKAGES) cpSync(join(repository, file), join(folder, file), { recursive: true });
  }
  linkPackages(folder);
}

/** Gives a folder the packages of this repository. */
export function linkPackages(folder: string): void {
  symlinkSync(join(repository, PACKAGES), join(folder, PACKAGES));
}
