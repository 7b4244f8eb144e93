// `npm run migrate -- upgrade head | downgrade -1 | downgrade base | current | history`
import { withDatabase } from './database.ts';

const USAGE =
  'Usage: npm run migrate -- upgrade head | downgrade -1 | downgrade base | current | history';

const wanted = process.argv.slice(2).join(' ');
const count =
  wanted === 'downgrade base' ? Infinity : Number(/^downgrade -(\d+)$/.exec(wanted)?.[1]);
if (!['upgrade head', 'current', 'history'].includes(wanted) && !(count > 0)) {
  console.error(USAGE);
  process.exit(1);
}

await withDatabase(async () => {
  const { default: mongoose } = await import('mongoose');
  const { migrations } = await import('../migrations/index.ts');
  const { applied, downgrade, upgrade } = await import('../src/data/migrations.ts');
  const { db } = mongoose.connection;
  if (!db) throw new Error('There is no connection.');

  if (wanted === 'upgrade head') tell('Applied', await upgrade(migrations));
  else if (count > 0) tell('Undone', await downgrade(migrations, count));
  else {
    const done = await applied(db);
    if (wanted === 'current') console.log(done.at(-1) ?? 'base');
    else for (const { id } of migrations) console.log(`${done.includes(id) ? 'x' : ' '} ${id}`);
  }
});

function tell(what: string, ids: string[]): void {
  console.log(ids.length > 0 ? `${what}: ${ids.join(', ')}` : 'There was nothing to do.');
}
