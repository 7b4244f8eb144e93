import { existsSync } from 'node:fs';
import type { Deployment } from './deployment/types.ts';
import { importHandler, type Load } from './invoke/handler.ts';
import { createInvoker } from './invoke/invoker.ts';
import { type Log, toStderr } from './log.ts';

/** Runs the deployment's `migrate` function, which brings the database up to date. */
export async function migrate(
  { functions }: Deployment,
  load: Load = importHandler,
  log: Log = toStderr,
): Promise<void> {
  const fn = functions.find(({ name }) => name === 'migrate');
  if (!fn || !existsSync(fn.file)) return log('There is no migrate function: no migrations ran.');
  const call = createInvoker(fn, load);
  // It ends before its timeout, and its answer says whether migrations are left. No functions of before run.
  while ((((await call({ narrow: true })) ?? {}) as { unfinished?: string }).unfinished)
    log('More migrations are left; continuing.');
}
