// `npm run test:mutants`: makes single changes to guards, one at a time, in copies of the repository,
// and runs the tests nearest to each: they must fail. `-- audit` makes only the changes whose room, file
// or guarantee has that word; MUTANT_LANES says how many are made at a time (2).
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../test/harness/copy-repository.ts';
import { applyEdit, readTests } from '../test/mutants/edit.ts';
import { rooms } from '../test/mutants/rooms.ts';
import { handleInterruption } from './interruption.ts';
import { listBaseline } from './mutants/baseline.ts';
import { type Pool, startPool } from './mutants/pool.ts';
import { type Judged, listFaults, type Mutant, printTable } from './mutants/report.ts';

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const mutants = listMutants().filter(isAskedFor);
const dir = await mkdtemp(join(tmpdir(), 'mixdown-mutants-'));
let pool: Pool | undefined;
const isInterrupted = handleInterruption(stop);

try {
  if (mutants.length === 0) throw new Error(`No change has ${words.join(' ')} in its name.`);
  pool = await startPool(dir, Number(process.env.MUTANT_LANES ?? 2));
  process.exitCode = (await passesUnchanged(pool)) ? await judgeAll(pool) : 1;
} catch (error) {
  if (!isInterrupted()) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  if (!isInterrupted()) await stop();
}

async function stop(): Promise<void> {
  await pool?.stop();
  await rm(dir, { recursive: true, force: true });
}

function listMutants(): Mutant[] {
  return Object.entries(rooms).flatMap(([room, edits]) =>
    Object.entries(edits).flatMap(([file, some]) => some.map((edit) => ({ room, file, edit }))),
  );
}

function isAskedFor({ room, file, edit }: Mutant): boolean {
  const text = `${room} ${file} ${edit.guarantee}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Whether all tests that are named pass without any change: else their failures would say nothing. */
async function passesUnchanged(pool: Pool): Promise<boolean> {
  const baseline = listBaseline(mutants);
  console.log(`${baseline.length} test files, without a change`);
  const faults = await Promise.all(
    baseline.map(async ({ file, task, check }) => {
      const fault = check(await pool.run(task));
      console.log(`  ${fault ?? 'passes'}: ${file}`);
      return fault;
    }),
  );
  return faults.every((fault) => fault === undefined);
}

/** @returns the exit code */
async function judgeAll(pool: Pool): Promise<number> {
  let done = 0;
  const judged = await Promise.all(
    mutants.map(async (mutant) => {
      const it = await judge(pool, mutant);
      const place = `${++done}/${mutants.length}`.padStart(9);
      console.log(`${place} ${it.verdict.padEnd(8)} ${mutant.edit.guarantee} (${it.by})`);
      return it;
    }),
  );
  const faults = listFaults(judged);
  console.log(['', printTable(judged), '', ...faults].join('\n'));
  return faults.length > 0 ? 1 : 0;
}

async function judge(pool: Pool, mutant: Mutant): Promise<Judged> {
  const { file, edit } = mutant;
  const before = await readFile(join(repository, file), 'utf8');
  const after = applyEdit(before, edit);
  const tests = readTests(edit.tests);
  const outcome = await pool.run({ tests, edit: { file, before, after } });
  if (outcome === 'HUNG') return { ...mutant, verdict: 'NOTICED', by: 'its tests hang' };
  const { failed, unloaded, ran } = outcome;
  if (failed) return { ...mutant, verdict: 'NOTICED', by: failed };
  if (unloaded || ran.length === 0)
    return { ...mutant, verdict: 'BROKEN', by: unloaded ?? 'no test ran' };
  return { ...mutant, verdict: 'SURVIVED', by: `${ran.length} tests passed` };
}
