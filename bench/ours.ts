import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPlace, migrate, readDeployment, type ToolsInfo } from '../src/local/cloud.ts';
import { end } from '../src/local/process/keep.ts';
import { findFreePort } from '../src/local/process/ports.ts';
import { launch, open } from '../src/local/stack/children.ts';
import { findInbox, type Size } from './dataset.ts';
import type { Target } from './target.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Settings for a load: no rate limit stops it. */
export const LIMITS = { CALLS_PER_MINUTE: '1000000000', REGISTRATIONS_PER_MINUTE: '1000000000' };

/**
 * Starts our own gateway as `npm start` runs it, in a process of its own, on documents that the
 * validators of the migrations accept. Sets the environment of this process, so that the tokens
 * made here are valid there. `npm run bench -- --against` calls this function of other checkouts,
 * older and newer ones: keep its parameters and what it returns.
 */
export async function startOurs(
  tools: ToolsInfo,
  dir: string,
  size: Size,
  place = 'bench_ours',
): Promise<Target> {
  const deployment = readDeployment(ROOT);
  const env = { ...(await createPlace(tools, deployment, place)), ...LIMITS };
  Object.assign(process.env, env);
  await migrate(deployment);
  const { clearInboxes, disconnect, fill, formatId, signToken } = await import('./fill.ts');
  await fill(size);

  const port = await findFreePort();
  const host = '127.0.0.1';
  const launched = {
    role: 'gateway',
    root: ROOT,
    dir: join(dir, 'ours'),
    host,
    port,
    env,
  } as const;
  const child = launch(launched);
  await open(child);
  const inboxes = Array.from({ length: size.users }, (_, user) => findInbox(size, user));
  return {
    name: 'mixdown',
    base: `http://${host}:${port}`,
    pid: child.pid as number,
    id: formatId,
    signedIn: (user) => ({ authorization: `Bearer ${signToken(user)}` }),
    clear: () => clearInboxes(inboxes),
    stop: async () => {
      await end(child, 5000);
      await disconnect();
    },
  };
}
