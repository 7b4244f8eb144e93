import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPatterns } from '../../scripts/package/deployment.ts';
import { readLibraries, readMachine } from '../../scripts/package/elf.ts';
import { findCacheNode } from '../../scripts/package/lambda-node.ts';
import { sumMemory } from '../../scripts/package/memory.ts';
import { nameCpu, readParameters } from '../../scripts/package/parameters.ts';
import { checkBundle } from '../../scripts/package/same-bundles.ts';
import { NO_CACHE } from '../../scripts/package/script.ts';

const MB = 1e6;

describe('the memory of packaging', () => {
  test('is that of the process and of all that it has started, at any depth', async () => {
    const before = sumMemory(process.pid);
    const code =
      'globalThis.held = Buffer.alloc(150e6, 1); console.log("held"); setInterval(() => {}, 1e6)';
    const nested = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', ${JSON.stringify(code)}], { stdio: 'inherit' });`;
    const child = spawn(process.execPath, ['-e', nested], { detached: true });
    try {
      await once(child.stdout, 'data');
      expect(sumMemory(process.pid)).toBeGreaterThan(before + 150 * MB);
    } finally {
      process.kill(-Number(child.pid), 'SIGKILL');
      await once(child, 'exit');
    }
    expect(sumMemory(Number(child.pid))).toBe(0);
  });
});

describe('the parameters of packaging', () => {
  test('are those of serverless.yml, of the stage, and of the command line, in this order', () => {
    expect(readParameters([])).toEqual({ architecture: 'x86_64', lambdaNode: undefined });
    const args = ['--stage', 'prod', '--param', 'corsOrigins=https://a.example?b=c'];
    const more = ['--param', 'architecture=arm64', '--param=lambdaNode=v24.18.0', '--verbose'];
    expect(readParameters([...args, ...more])).toEqual({
      architecture: 'arm64',
      lambdaNode: '24.18.0',
    });
  });

  test.each([
    ['architecture=arm', 'architecture must be x86_64 or arm64, not "arm"'],
    ['lambdaNode=24', 'lambdaNode must be a version such as 24.18.0: "24"'],
  ])('are refused by name: %s', (param, fault) => {
    expect(() => readParameters(['--param', param])).toThrow(fault);
  });
});

describe('a program', () => {
  const node = readFileSync(process.execPath);
  const machine = process.arch === 'x64' ? 'x86_64' : process.arch;

  test('says for which processor it is', () => {
    expect(readMachine(node)).toBe(machine);
    for (const [number, name] of [
      [183, 'arm64'],
      [62, 'x86_64'],
      [8, 'machine 8'],
    ] as const) {
      const other = Buffer.from(node.subarray(0, 4096));
      other.writeUInt16LE(number, 18);
      expect(readMachine(other)).toBe(name);
    }
    expect(readMachine(Buffer.from('#!/bin/sh\n'.repeat(20)))).toBeUndefined();
  });

  test('says which libraries it needs', () => {
    expect(readLibraries(node)).toContain('libc.so.6');
  });
});

test('each native module of one architecture has its like in the other', () => {
  const of = (architecture: 'x86_64' | 'arm64') =>
    readPatterns({ architecture })
      .map(({ name, pattern }) => `${name} ${pattern}`.replaceAll(nameCpu(architecture), 'CPU'))
      .toSorted();
  expect(of('arm64')).toEqual(of('x86_64'));
  expect(of('arm64').filter((pattern) => pattern.includes('linux-CPU'))).not.toHaveLength(0);
});

test('the code cache is made by the Node that Lambda names, and for another processor by none', async () => {
  const [own, other] = process.arch === 'x64' ? ['x86_64', 'arm64'] : ['arm64', 'x86_64'];
  const lambdaNode = process.versions.node;
  const architecture = own as 'arm64';
  expect(await findCacheNode({ architecture, lambdaNode })).toBe(process.execPath);
  expect(await findCacheNode({ architecture, lambdaNode: undefined })).toBe(process.execPath);
  expect(await findCacheNode({ architecture: other as 'arm64', lambdaNode })).toBe(NO_CACHE);
});

describe('a bundle is packed for another architecture', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-bundles-'));
  const [source, meta] = [join(dir, 'source.ts'), join(dir, 'meta.json')];
  const inputs = { [source]: {}, 'run-of-a-job:./run.ts': {} };

  afterAll(() => rmSync(dir, { recursive: true }));

  test('only if there is one', () => {
    expect(() => checkBundle(join(dir, 'none.json'))).toThrow('no bundles yet');
  });

  test('only as long as its files are as they were', () => {
    writeFileSync(source, '');
    writeFileSync(meta, JSON.stringify({ inputs }));
    checkBundle(meta);
    const later = Date.now() / 1000 + 10;
    utimesSync(source, later, later);
    expect(() => checkBundle(meta)).toThrow(`${source} has changed since it was bundled.`);
    rmSync(source);
    expect(() => checkBundle(meta)).toThrow(`${source} has changed since it was bundled.`);
  });
});
