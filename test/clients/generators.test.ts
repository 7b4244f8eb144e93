import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { api } from '../harness/place.ts';
import { melody, wav } from '../samples/audio.ts';
import { bin, generatorJar, here, python } from './install.ts';

const run = promisify(execFile);
const generated = join(here, 'generated');
const document = join(inject('contract'), 'openapi.json');
const song = wav(melody([220, 277, 330, 440], 3, 1));
const given = { api, seconds: 4, missing: '01980000-0000-7000-8000-000000000000' };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixdown-clients-'));
  await writeFile(join(folder, 'song.wav'), song);
  await rm(generated, { recursive: true, force: true });
  await mkdir(generated);
  const types = join(generated, 'openapi-typescript.ts');
  await run(bin('openapi-typescript'), [document, '-o', types]);
  const to = join(generated, 'hey-api');
  await run(bin('openapi-ts'), ['-i', document, '-o', to, '-c', '@hey-api/client-fetch'], {
    cwd: here,
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('clients in TypeScript, and what uses them, compile under TypeScript 5', async () => {
  await run(bin('tsc'), ['-p', here]).catch(({ stdout }) => expect(stdout).toBe(''));
});

test.each(['openapi-fetch', 'hey-api'])('%s goes through the scenario', async (name) => {
  expect(await runScript(name)).toContain('passed');
});

test('openapi-python-client generates all of it, and goes through the scenario', async () => {
  const to = join(folder, 'openapi-python-client');
  const PATH = `${python('')}:${process.env.PATH}`;
  const { stdout } = await run(
    python('openapi-python-client'),
    ['generate', '--path', document, '--output-path', to, '--overwrite'],
    { env: { ...process.env, PATH } },
  );
  expect(stdout).not.toMatch(/warning/i);
  expect(await runPython('openapi_python_client', to)).toContain('passed');
});

test("openapi-generator's Python client goes through the scenario", async () => {
  const to = join(folder, 'openapi-generator');
  await run('java', ['-jar', generatorJar, 'generate', '-i', document, '-g', 'python', '-o', to], {
    maxBuffer: 2 ** 26,
  });
  expect(await runPython('openapi_generator', to)).toContain('passed');
});

test.each([
  ['Redocly', 'redocly', ['lint', '--config', 'redocly.yaml', '--format=stylish']],
  ['Spectral', 'spectral', ['lint', '-r', 'spectral.yaml', '--fail-severity=error']],
])('%s finds no error in the document', async (_, program, parameters) => {
  const options = { cwd: here, maxBuffer: 2 ** 26 };
  const found = await run(bin(program), [...parameters, document], options).then(
    () => '',
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
  expect(found).toBe('');
});

/** Bundles a scenario in TypeScript and runs it. */
async function runScript(name: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const define = { GIVEN: JSON.stringify({ ...given, song: song.toString('base64') }) };
  const entryPoints = [join(here, `scenarios/${name}.ts`)];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', define });
  return (await run(process.execPath, [outfile])).stdout;
}

/** Compiles a generated package, and runs its scenario. */
async function runPython(name: string, of: string): Promise<string> {
  await run(python('python'), ['-m', 'compileall', '-q', of]);
  const GIVEN = JSON.stringify({ ...given, file: join(folder, 'song.wav') });
  const env = { ...process.env, GIVEN, PYTHONPATH: of };
  return (await run(python('python'), [join(here, `scenarios/${name}.py`)], { env })).stdout;
}
