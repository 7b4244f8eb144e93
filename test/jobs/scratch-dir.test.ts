import '../harness/place.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../../src/services/jobs/scratch-dir.ts', import.meta.url));
/** Opens a folder, works in it, and says its name; ends it when told to. */
const WORKER = `
  const { openScratchDir } = await import(${JSON.stringify(MODULE)});
  const { writeFile, mkdir } = await import('node:fs/promises');
  // What another process of this number has left.
  if (process.env.SAME_PID) await mkdir(process.env.TMPDIR + '/mixdown-work-' + process.pid + '-1-abcdef');
  {
    await using first = await openScratchDir();
    await using second = await openScratchDir();
    await writeFile(first.path + '/original', 'bytes');
    console.log(first.path);
    console.log(second.path);
    await new Promise((resolve) => process.stdin.once('data', resolve));
  }
  process.stdin.destroy();
`;

let temporary: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'mixdown-place-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await rm(temporary, { recursive: true });
});

/** A process that works in two folders, and their names. */
async function working(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WORKER], {
    env: { ...process.env, TMPDIR: temporary, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const names: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    names.push(basename(line));
    if (names.length === 2) break;
  }
  const ended = once(child, 'exit');
  return {
    names,
    ends: async () => {
      child.stdin.write('\n');
      await ended;
    },
    isKilled: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const there = async () => (await readdir(temporary)).toSorted();

test('what a killed process was working on is removed by the next one, and nothing else is', async () => {
  const others = ['mixdown-other-1-1-abcdef', 'mixdown-work-notes', 'work-1-1-abcdef'];
  for (const name of others) await mkdir(join(temporary, name));
  await writeFile(join(temporary, 'mixdown-work-4194305-1-abcdef'), 'a file');
  await symlink(others[0] as string, join(temporary, 'mixdown-work-4194305-2-abcdef'));
  others.push('mixdown-work-4194305-1-abcdef', 'mixdown-work-4194305-2-abcdef');
  const living = await working();
  const killed = await working();
  await killed.isKilled();
  expect(await there()).toEqual([...others, ...living.names, ...killed.names].toSorted());
  const next = await working();
  expect(await there()).toEqual([...others, ...living.names, ...next.names].toSorted());
  await next.ends();
  await living.ends();
  expect(await there()).toEqual(others.toSorted());
});

test('what another process of the same number has left goes, too', async () => {
  const next = await working({ SAME_PID: 'yes' });
  expect(await there()).toEqual(next.names.toSorted());
});
