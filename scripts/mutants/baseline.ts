import { readTests } from '../../test/mutants/edit.ts';
import type { Outcome, Task } from './lane.ts';
import type { Mutant } from './report.ts';

/** A test file that must pass as it is. */
interface Baseline {
  file: string;
  task: Task;
  /** Why it does not. */
  check(outcome: Outcome | 'HUNG'): string | undefined;
}

/** Lists the test files that the changes name, once each, with all that is to be run of them. */
export function listBaseline(mutants: Mutant[]): Baseline[] {
  const tests = mutants.flatMap(({ edit }) => edit.tests);
  const names = Map.groupBy(
    tests.flatMap((test) => readTests([test])),
    ({ file }) => file,
  );
  return readTests(tests).map((test) => {
    const wanted = names.get(test.file)?.flatMap((it) => it.names) ?? [];
    const check = (outcome: Outcome | 'HUNG') => findFault(outcome, wanted);
    return { file: test.file, task: { tests: [test] }, check };
  });
}

function findFault(outcome: Outcome | 'HUNG', wanted: string[]): string | undefined {
  if (outcome === 'HUNG') return 'hangs';
  const { ran, failed, unloaded } = outcome;
  const fault = unloaded ?? failed;
  if (fault !== undefined) return `fails (${fault})`;
  const missing = wanted.find((name) => !ran.some((test) => test.includes(name)));
  return missing === undefined ? undefined : `has no test with "${missing}" in its name`;
}
