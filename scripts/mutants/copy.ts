import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Copies the files of the repository as they are now, and links its packages. */
export async function copyRepository(from: string, to: string): Promise<void> {
  const listed = await promisify(execFile)('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: from,
    maxBuffer: 2 ** 26,
  });
  const files = listed.stdout.split('\0').filter((file) => file && existsSync(join(from, file)));
  await Promise.all(
    // node_modules is listed where it is a link itself.
    files
      .filter((file) => file !== 'node_modules')
      .map((file) => cp(join(from, file), join(to, file), { recursive: true })),
  );
  await symlink(join(from, 'node_modules'), join(to, 'node_modules'));
}
