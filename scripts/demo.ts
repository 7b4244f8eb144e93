// `npm run demo -- FILE…`: songs from the disk to what is heard in them, by the public HTTP API alone.
// Without a file it sends a song of its own.
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { signUp } from './demo/account.ts';
import { type Backend, findBackend } from './demo/backend.ts';
import { SUMMARY, summary } from './demo/facts.ts';
import { Problem, sentenceOf } from './demo/problem.ts';
import { show } from './demo/show.ts';
import { fileSource, type Source, synthesised } from './demo/source.ts';
import { table } from './demo/table.ts';
import { say } from './demo/terminal.ts';
import { onInterruption } from './interruption.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let backend: Backend | undefined;
const isInterrupted = onInterruption(() => backend?.stop());

try {
  const sources = await sourcesOf(process.argv.slice(2));
  backend = await findBackend(root);
  await demo(backend, sources);
} catch (error) {
  fail(error);
} finally {
  await backend?.stop();
}

async function sourcesOf(paths: string[]): Promise<Source[]> {
  return paths.length > 0 ? Promise.all(paths.map(fileSource)) : [synthesised()];
}

/** Sends the songs one after the other, and sums up; one that fails stops no other. */
async function demo({ api, isOwn }: Backend, sources: Source[]): Promise<void> {
  const { email, call } = await signUp(api);
  const { id } = await call<{ id: string }>('POST', '/v1/projects', { name: 'Demo' });
  say(`Signed up as ${email} at ${api}`);
  const rows: string[][] = [];
  for (const source of sources) {
    try {
      rows.push(summary(source.fileName, await show(call, id, source)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fail(new Problem(`${source.fileName} failed: ${error.message}`));
      rows.push([source.fileName, 'failed']);
    }
  }
  if (rows.length > 1) say(['', ...table(SUMMARY, rows)].join('\n'));
  if (!isOwn && !process.exitCode) say(`\nThe whole API: ${api}/docs`);
}

function fail(error: unknown): void {
  if (isInterrupted()) return;
  const { stderr } = process;
  stderr.write(`${styleText('red', sentenceOf(error), { stream: stderr })}\n`);
  process.exitCode = 1;
}
