import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeEvent } from '../../bench/event.ts';
import { given } from '../harness/given.ts';
import { ran } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'mixdown-'));
const functions = join(folder, '.esbuild/.build/functions');
const cache = (name: string) => join(functions, `${name}.main.cjs.${process.version}.cache`);

symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
beforeAll(() => Promise.all(['projects', 'system'].map(bundle)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a packaged function', () => {
  test('answers from its code cache, under the flags that Lambda starts Node with', async () => {
    const flags = ['--expose-gc', '--max-semi-space-size=51', '--max-old-space-size=921'];
    expect(await answered('projects', await oneProject(), flags)).toEqual({
      status: 200,
      warnings: '',
    });
  });

  test('answers the same, without a warning, when its code cache is of another version of Node', async () => {
    const request = await oneProject();
    const other = cache('projects').replace(process.version, 'v24.0.0');
    renameSync(cache('projects'), other);
    try {
      expect(await answered('projects', request)).toEqual({ status: 200, warnings: '' });
    } finally {
      renameSync(other, cache('projects'));
    }
  });

  test('answers the same, without a warning, when V8 rejects its code cache', async () => {
    const request = await oneProject();
    const good = readFileSync(cache('projects'));
    const other = Buffer.from(good);
    other.writeUInt8(good.readUInt8(4) ^ 1, 4); // V8's version
    try {
      writeFileSync(cache('projects'), other);
      expect(await answered('projects', request)).toEqual({ status: 200, warnings: '' });
    } finally {
      writeFileSync(cache('projects'), good);
    }
  });

  test('is strict-mode code in ASCII only', () => {
    const code = readFileSync(join(functions, 'projects.main.cjs'), 'utf8');
    expect(code).toMatch(/^\(function\([\w,]+\)\{"use strict";/);
    expect(code).toContain('/^\\u2026/'); // what an encrypted field shows is not taken for its value
    expect(code).not.toMatch(/[\u0080-\uffff]/);
  });

  test('answers from files that it reads only when asked for', async () => {
    for (const path of ['/v1/openapi.json', '/docs/reference.css']) {
      const answer = await answered('system', { method: 'GET', path });
      expect(answer).toEqual({ status: 200, warnings: '' });
    }
  });
});

/** Somebody's project, as its owner asks for it. */
async function oneProject() {
  const alice = await given.user();
  const { id } = await alice.project();
  return { method: 'GET', path: `/v1/projects/${id}`, token: alice.token };
}

/** Bundles a function as `npm run package` does. */
async function bundle(name: string): Promise<void> {
  const { code, stderr } = await ran(['scripts/package/bundle.ts', name, folder]);
  if (code !== 0) throw new Error(stderr);
}

/** What the function answers in a process of its own, and what it complains of. */
async function answered(
  name: string,
  request: Parameters<typeof makeEvent>[0],
  flags: string[] = [],
): Promise<{ status: number; warnings: string }> {
  const file = pathToFileURL(join(functions, `${name}.mjs`)).href;
  const EVENT = JSON.stringify(makeEvent(request));
  const { stdout, stderr } = await ran([...flags, 'bench/first-answer.mjs', file, '0'], {
    EVENT,
  });
  return { status: Number.parseInt(stdout, 10), warnings: stderr };
}
