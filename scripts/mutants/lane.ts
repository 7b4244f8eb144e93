// A process of its own, forked by pool.ts: runs test files in a copy of the repository, on tools that it
// starts once. argv: the folder of the copy.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import type { TestFile } from '../../test/mutants/edit.ts';

/** What is to be run: test files, with other contents of one file meanwhile. */
export interface Task {
  tests: TestFile[];
  edit?: { file: string; before: string; after: string };
}

/** What came of it. */
export interface Outcome {
  /** The names of the tests that ran. */
  ran: string[];
  /** The first test that failed, with the first line of its error. */
  failed?: string;
  /** Why a test file could not be loaded. */
  unloaded?: string;
}

/** In ms. What hangs fails by this, so it is short; the unchanged code must do with it as well. */
const LONGEST = 40_000;

const root = process.argv[2] as string;
process.chdir(root);
const vitest = await createVitest(
  {
    root,
    config: join(root, 'vitest.config.ts'),
    watch: false,
    maxWorkers: 1,
    bail: 1,
    testTimeout: LONGEST,
    hookTimeout: LONGEST,
    teardownTimeout: LONGEST,
    reporters: [{}],
    silent: true,
  },
  { cacheDir: join(root, '.cache', 'vite'), logLevel: 'silent' },
);
await vitest.standalone();
const project = vitest.getRootProject();

process.on('message', async (task: Task) => process.send?.(await run(task)));
process.on('disconnect', end);
process.on('SIGTERM', end);
process.send?.('ready');

async function end(): Promise<void> {
  await vitest.close();
  process.exit();
}

async function run({ tests, edit }: Task): Promise<Outcome> {
  // Each test file is run by a new process, which reads the code anew.
  if (edit) await writeFile(join(root, edit.file), edit.after);
  try {
    const specifications = tests.map(({ file, names }) =>
      project.createSpecification(join(root, file), {
        ...(names.length > 0 && { testNamePattern: new RegExp(names.map(escapeName).join('|')) }),
      }),
    );
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    // It answers the files of all runs so far.
    const own = specifications.map(({ moduleId }) => moduleId);
    return summarise(
      testModules.filter(({ moduleId }) => own.includes(moduleId)),
      unhandledErrors,
    );
  } finally {
    if (edit) await writeFile(join(root, edit.file), edit.before);
  }
}

function summarise(modules: TestModule[], unhandled: unknown[]): Outcome {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const ended = tests.map((test) => ({ name: test.name, result: test.result() }));
  const failed = ended.find(({ result }) => result.state === 'failed');
  const ran = ended.filter(({ result }) => ['passed', 'failed'].includes(result.state));
  const unloaded = modules.flatMap((module) => module.errors())[0];
  const why = failed?.result.errors?.[0]?.message ?? (unhandled[0] as Error | undefined)?.message;
  return {
    ran: ran.map(({ name }) => name),
    ...((failed || unhandled.length > 0) && {
      failed: `${failed?.name ?? 'unhandled error'}: ${firstLine(why)}`,
    }),
    ...(unloaded && { unloaded: firstLine(unloaded.message) }),
  };
}

function escapeName(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0]?.slice(0, 120) ?? '';
}
