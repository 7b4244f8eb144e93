import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toStderr } from '../../src/local/log.ts';
import { readSettings, type Settings } from '../../src/local/settings.ts';
import { readState } from '../../src/local/stack/state.ts';
import { Problem } from './problem.ts';
import { say } from './terminal.ts';

/** The backend that the demo calls. */
export interface Backend {
  api: string;
  /** It was started by the demo, and ends with it. */
  isOwn: boolean;
  stop(): Promise<void>;
}

/**
 * Finds the backend at `API_URL`, or the one that runs on `DATA_DIR`; else starts one for the demo.
 */
export async function findBackend(root: string): Promise<Backend> {
  const named = process.env.API_URL?.replace(/\/+$/, '');
  if (named) {
    if (await isAnswering(named)) return borrow(named);
    throw new Problem(`Nothing answers at ${named}, which API_URL names.`);
  }
  // Any free port: whether port 4000 is free matters to `npm start` only.
  const settings = readSettings(root, { ...process.env, PORT: '0' }, []);
  // A killed run leaves its local.json behind, so check whether it answers.
  const running = readState(settings.dir)?.api;
  if (running && (await isAnswering(running))) return borrow(running);
  return start(settings);
}

async function start(settings: Settings): Promise<Backend> {
  say('No backend runs here (npm start), so one is started for this demo.');
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-demo-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const { startStack } = await import('../../src/local/stack/stack.ts');
  const { state, stop } = await startStack({ ...settings, dir }, toStderr);
  return { api: state.api, isOwn: true, stop };
}

function borrow(api: string): Backend {
  return { api, isOwn: false, stop: async () => undefined };
}

async function isAnswering(api: string): Promise<boolean> {
  try {
    return (await fetch(`${api}/health`, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false; // nothing listens there
  }
}
