import { downgrade, printDryRun, upgrade } from '../../src/data/migrations/run.ts';
import type { Place } from './place.ts';

const RUNS = { upgrade, downgrade };
const DIRECTIONS = { upgrade: 'up', downgrade: 'down' } as const;
const DONE = { upgrade: 'Applied', downgrade: 'Undone' };

/** Upgrades or downgrades to a target, or tells what that would do. */
export async function change(
  { db, migrations }: Place,
  verb: 'upgrade' | 'downgrade',
  target: string,
  isDryRun: boolean,
): Promise<void> {
  const tell = (line: string) => console.log(line);
  const ids = isDryRun
    ? await printDryRun(db, migrations, DIRECTIONS[verb], target, tell)
    : (await RUNS[verb](db, migrations, target, { tell })).done;
  if (ids.length === 0) console.log('There was nothing to do.');
  else if (isDryRun) console.log('Nothing was changed: a dry run.');
  else console.log(`${DONE[verb]}: ${ids.join(', ')}`);
}
