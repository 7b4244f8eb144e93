import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Problem } from '../demo/problem.ts';
import type { Role } from './account.ts';
import { configOf } from './config.ts';
import { type Document, operationsOf } from './document.ts';
import { SHAPE_FAULTS } from './shape-faults.ts';

/** It is not installed: said in a sentence, and the exit code is 2. */
export class Missing extends Problem {}

/** What schemathesis reports of a run, as far as it is read here. */
export interface Report {
  operations: { total: number; tested: number } | null;
  phases: Record<string, { status: string; skip_reason: string | null }> | null;
  test_cases: { generated: number };
  failures: { title: string; count: number; operations: string[] }[];
  errors: { title: string; count: number }[];
  /** What became of requests that follow the document, by operation and phase. */
  valid_rates: Record<string, Record<string, { accepted: number }>>;
}

export interface Run {
  tool: string;
  /** Where its files go. */
  dir: string;
  api: string;
  role: Role;
  document: Document;
  ids: ReadonlyMap<string, string[]>;
  tokens: string;
  cases: number;
  seed: number;
}

/** The `schemathesis` of PATH, or of `SCHEMATHESIS`. @throws Missing, Problem when it is another than 4 */
export async function findTool(): Promise<string> {
  const tool = process.env.SCHEMATHESIS || 'schemathesis';
  const { output } = await spawned(tool, ['--version']).catch((cause) => {
    throw new Missing(
      `${tool} was not found: "pip install schemathesis" (Python 3.10 or newer, in a venv if you ` +
        'like), and have it on PATH or name it by SCHEMATHESIS.',
      { cause },
    );
  });
  const version = /version (\d+)\./.exec(output)?.[1];
  if (version === '4') return tool;
  throw new Missing(`${output.trim()} is not version 4: "pip install 'schemathesis>=4,<5'".`);
}

/** Runs all phases with all checks, and returns its report and what it printed. */
export async function runTool(run: Run): Promise<{ report: Report; output: string }> {
  const { tool, dir, api, role, document, seed, cases } = run;
  const file = (name: string) => join(dir, `${role}-${name}`);
  await writeFile(file('openapi.json'), JSON.stringify(document));
  await writeFile(file('schemathesis.toml'), configOf(document, run.ids));
  const perOperation = Math.max(10, Math.ceil(cases / operationsOf(document).length));
  const args = [
    ...['--config-file', file('schemathesis.toml'), 'run', file('openapi.json')],
    ...['--url', api, '--phases', 'examples,coverage,fuzzing,stateful', '--checks', 'all'],
    // In its place: `schema_tells_what_is_refused` of hooks.py.
    ...['--exclude-checks', 'positive_data_acceptance'],
    ...['--max-examples', String(perOperation), '--seed', String(seed), '--continue-on-failure'],
    ...['--generation-database', 'none', '--request-timeout', '30', '--no-color'],
    ...['--report', 'json', '--report-json-path', file('report.json')],
  ];
  const { output } = await spawned(tool, args, {
    PYTHONUTF8: '1',
    NO_PROXY: 'localhost,127.0.0.1',
    SCHEMATHESIS_HOOKS: fileURLToPath(new URL('hooks.py', import.meta.url)),
    FUZZ_TOKENS: run.tokens,
    FUZZ_SHAPE_FAULTS: SHAPE_FAULTS.source,
  });
  try {
    return { report: JSON.parse(await readFile(file('report.json'), 'utf8')) as Report, output };
  } catch (cause) {
    throw new Problem(`Schemathesis did not get to its report:\n${output}`, { cause });
  }
}

async function spawned(tool: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(tool, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => child.kill());
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { output: stdout + stderr };
}
