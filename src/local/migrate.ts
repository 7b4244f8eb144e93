import { existsSync } from 'node:fs';
import type { Deployment } from './deployment/types.ts';
import { importHandler, type Load } from './invoke/handler.ts';
import { invoker } from './invoke/invoker.ts';
import { type Log, toStderr } from './log.ts';

/** Runs the deployment's `migrate` function, which brings the database up to date. */
export async function migrate(
  { functions }: Deployment,
  load: Load = importHandler,
  log: Log = toStderr,
): Promise<void> {
  const fn = functions.find(({ name }) => name === 'migrate');
  if (!fn || !existsSync(fn.file)) return log('There is no migrate function: no migrations ran.');
  const call = invoker(fn, load);
  // It ends before its time is up, and says so when there is more to do.
  while ((((await call({})) ?? {}) as { unfinished?: string }).unfinished)
    log('Migrating goes on.');
}
