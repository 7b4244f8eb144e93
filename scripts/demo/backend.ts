import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toStderr } from '../../src/local/log.ts';
import { readSettings, type Settings } from '../../src/local/settings.ts';
import { readState } from '../../src/local/stack/state.ts';
import { Problem } from './problem.ts';
import { say } from './terminal.ts';

/** The API that the demo calls, and how to let go of it. */
export interface Backend {
  api: string;
  /** It goes when the demo does. */
  isOwn: boolean;
  stop(): Promise<void>;
}

/** The backend of `API_URL`, or the one that runs on `DATA_DIR`; else one is started for the demo. */
export async function findBackend(root: string): Promise<Backend> {
  const named = process.env.API_URL?.replace(/\/+$/, '');
  if (named) {
    if (await answers(named)) return borrowed(named);
    throw new Problem(`Nothing answers at ${named}, which API_URL names.`);
  }
  // A port that is taken matters to `npm start`, not here.
  const settings = readSettings(root, { ...process.env, PORT: '0' }, []);
  // A killed run leaves its note behind, so it is asked.
  const running = readState(settings.dir)?.api;
  if (running && (await answers(running))) return borrowed(running);
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

function borrowed(api: string): Backend {
  return { api, isOwn: false, stop: async () => undefined };
}

async function answers(api: string): Promise<boolean> {
  try {
    return (await fetch(`${api}/health`, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false; // which is the answer
  }
}
