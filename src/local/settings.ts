import { resolve } from 'node:path';
import { Refusal } from './refusal.ts';

/** The settings of the local cloud. `port` 0 means any free one. */
export type Settings = { root: string; dir: string; host: string; port: number; watch: boolean };

const loopback = ['localhost', '127.0.0.1', '::1'];

/** Reads PORT, DATA_DIR and HOST. @throws Refusal for a value that is not possible */
export function readSettings(
  root: string,
  env: Record<string, string | undefined>,
  args: string[],
): Settings {
  const port = Number(env.PORT || 4000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refusal(`PORT must be a number from 0 to 65535, not "${env.PORT}".`);
  }
  const host = env.HOST || 'localhost';
  // The S3 server, mongod and queue behind it are open to anybody who reaches them.
  if (!loopback.includes(host)) {
    throw new Refusal(`HOST must be this machine itself (${loopback.join(', ')}), not "${host}".`);
  }
  const watch = args.includes('--watch');
  return { root, dir: resolve(root, env.DATA_DIR || '.mixdown'), host, port, watch };
}
