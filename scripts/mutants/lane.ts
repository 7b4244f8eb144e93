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

process.on('message', async (task: Task) => {
  const outcome = await run(task);
  if (process.connected) process.send?.(outcome);
});
// No signal ends it: Vite answers those at once, and the tools would leave their data.
process.on('disconnect', async () => {
  await vitest.close();
  process.exit();
});
process.send?.('ready');

async function run({ tests, edit }: Task): Promise<Outcome> {
  // Each test file is run by a new process, which reads the code anew.
  if (edit) await writeFile(join(root, edit.file), edit.after);
  try {
    const ran: string[] = [];
    for (const test of tests) {
      const outcome = await runFile(test);
      ran.push(...outcome.ran);
      if (outcome.failed !== undefined || outcome.unloaded !== undefined) return outcome;
    }
    return { ran };
  } finally {
    if (edit) await writeFile(join(root, edit.file), edit.before);
  }
}

// Without `bail`: what ends a run may come before the test that failed is told.
async function runFile({ file, names }: TestFile): Promise<Outcome> {
  const specification = project.createSpecification(join(root, file), {
    ...(names.length > 0 && { testNamePattern: new RegExp(names.map(escapeName).join('|')) }),
  });
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  // It answers the files of all runs so far.
  const module = testModules.find(({ moduleId }) => moduleId === specification.moduleId);
  return summarise(module, unhandledErrors);
}

function summarise(module: TestModule | undefined, unhandled: unknown[]): Outcome {
  const tests = [...(module?.children.allTests() ?? [])];
  const ended = tests.map((test) => ({ name: test.name, result: test.result() }));
  const failed = ended.find(({ result }) => result.state === 'failed');
  const ran = ended.filter(({ result }) => ['passed', 'failed'].includes(result.state));
  const unloaded = module ? module.errors()[0]?.message : 'it is no test file';
  const why = failed?.result.errors?.[0]?.message ?? (unhandled[0] as Error | undefined)?.message;
  return {
    ran: ran.map(({ name }) => name),
    ...((failed || unhandled.length > 0) && {
      failed: `${failed?.name ?? 'unhandled error'}: ${firstLine(why)}`,
    }),
    ...(unloaded !== undefined && { unloaded: firstLine(unloaded) }),
  };
}

function escapeName(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0]?.slice(0, 120) ?? '';
}
