import type { Edit } from '../../test/mutants/edit.ts';

/** Where a change is made: in a file of a room. */
export interface Mutant {
  room: string;
  file: string;
  edit: Edit;
}

/** What became of a change. `BROKEN`: its tests could not be loaded, which says nothing. */
type Verdict = 'NOTICED' | 'SURVIVED' | 'BROKEN';

/** A change, and what became of it. */
export interface Judged extends Mutant {
  verdict: Verdict;
  /** The test that noticed it, or what broke. */
  by: string;
}

/** At least this share of all changes must be noticed. */
const LEAST = 0.9;

/** Lists what is not as it should be; nothing where the suite passes. */
export function listFaults(judged: Judged[]): string[] {
  const faults = judged.flatMap(({ verdict, file, edit, by }) => {
    const what = `${file}: ${edit.guarantee}`;
    if (verdict === 'BROKEN') return [`no test could be run: ${what}: ${by}`];
    if (verdict === 'SURVIVED' && !edit.survives) return [`no test notices: ${what}`];
    if (verdict === 'NOTICED' && edit.survives)
      return [`noticed, though it is listed as a survivor: ${what} (by ${by})`];
    return [];
  });
  const noticed = count(judged, 'NOTICED');
  if (noticed < LEAST * judged.length)
    faults.push(`only ${noticed} of ${judged.length} are noticed: ${100 * LEAST} % is the least`);
  return faults;
}

/** A table of the rooms, and the survivors with their reasons. */
export function printTable(judged: Judged[]): string {
  const rows = [...Map.groupBy(judged, ({ room }) => room)].map(([room, some]) => row(room, some));
  const survivors = judged.filter(({ verdict }) => verdict === 'SURVIVED');
  return [
    ['room'.padEnd(WIDTH), ...['changes', 'noticed', 'survived'].map(pad)].join(''),
    ...rows,
    row('all', judged),
    ...survivors.map(
      ({ file, edit }) => `\nsurvived: ${edit.guarantee}\n  ${file}: ${edit.survives ?? '?'}`,
    ),
  ].join('\n');
}

const WIDTH = 16;
const pad = (cell: string | number) => String(cell).padStart(10);

function row(name: string, judged: Judged[]): string {
  const cells = [judged.length, count(judged, 'NOTICED'), count(judged, 'SURVIVED')];
  return [name.padEnd(WIDTH), ...cells.map(pad)].join('');
}

function count(judged: Judged[], verdict: Verdict): number {
  return judged.filter((it) => it.verdict === verdict).length;
}
