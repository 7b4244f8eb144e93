import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Problem } from '../demo/problem.ts';
import type { Role } from './account.ts';
import { makeConfig } from './config.ts';
import { type Document, listOperations } from './document.ts';
import { SHAPE_FAULTS } from './shape-faults.ts';

/** Schemathesis is not installed: the exit code is 2. */
export class Missing extends Problem {}

/** The parts of schemathesis' report that are read here. */
export interface Report {
  operations: { total: number; tested: number } | null;
  phases: Record<string, { status: string; skip_reason: string | null }> | null;
  test_cases: { generated: number };
  failures: { title: string; count: number; operations: string[] }[];
  errors: { title: string; count: number }[];
  /** How many valid requests were accepted, by operation and phase. */
  valid_rates: Record<string, Record<string, { accepted: number }>>;
}

export interface Run {
  tool: string;
  /** The folder of its files. */
  dir: string;
  api: string;
  role: Role;
  document: Document;
  ids: ReadonlyMap<string, string[]>;
  tokens: string;
  cases: number;
  seed: number;
}

/**
 * Finds schemathesis on PATH, or at `SCHEMATHESIS`.
 * @throws Missing when there is none, or not version 4
 */
export async function findTool(): Promise<string> {
  const tool = process.env.SCHEMATHESIS || 'schemathesis';
  const { output } = await runProgram(tool, ['--version']).catch((cause) => {
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

/** Runs all phases with all checks. @returns the report and the printed output */
export async function runTool(run: Run): Promise<{ report: Report; output: string }> {
  const { tool, dir, api, role, document, seed, cases } = run;
  const file = (name: string) => join(dir, `${role}-${name}`);
  await writeFile(file('openapi.json'), JSON.stringify(document));
  await writeFile(file('schemathesis.toml'), makeConfig(document, run.ids));
  const perOperation = Math.max(10, Math.ceil(cases / listOperations(document).length));
  const args = [
    ...['--config-file', file('schemathesis.toml'), 'run', file('openapi.json')],
    ...['--url', api, '--phases', 'examples,coverage,fuzzing,stateful', '--checks', 'all'],
    // Replaced by `schema_tells_what_is_refused` in hooks.py.
    ...['--exclude-checks', 'positive_data_acceptance'],
    ...['--max-examples', String(perOperation), '--seed', String(seed), '--continue-on-failure'],
    ...['--generation-database', 'none', '--request-timeout', '30', '--no-color'],
    ...['--report', 'json', '--report-json-path', file('report.json')],
  ];
  const { output } = await runProgram(tool, args, {
    PYTHONUTF8: '1',
    NO_PROXY: 'localhost,127.0.0.1',
    SCHEMATHESIS_HOOKS: fileURLToPath(new URL('hooks.py', import.meta.url)),
    FUZZ_TOKENS: run.tokens,
    FUZZ_SHAPE_FAULTS: SHAPE_FAULTS.source,
  });
  try {
    return { report: JSON.parse(await readFile(file('report.json'), 'utf8')) as Report, output };
  } catch (cause) {
    throw new Problem(`Schemathesis wrote no report:\n${output}`, { cause });
  }
}

async function runProgram(tool: string, args: string[], env: Record<string, string> = {}) {
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
