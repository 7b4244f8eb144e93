// `npm run demo -- FILE…`: uploads songs and prints what was found in them, by the public HTTP API
// alone. Without a file it synthesises a song. `npm run demo -- export FILE…` makes songs and pictures into
// an MP3 and an MP4, and `npm run demo -- generate NAME key=value…` makes media by a workflow of ComfyUI.
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { signUp } from './demo/account.ts';
import { type Backend, findBackend } from './demo/backend.ts';
import { demoExport, openMaterial } from './demo/export.ts';
import { SUMMARY, summarise } from './demo/facts.ts';
import { demoGenerate, readWishes, type Wish } from './demo/generate.ts';
import { describeProblem, Problem } from './demo/problem.ts';
import { show } from './demo/show.ts';
import { openFile, type Source, synthesiseSong } from './demo/source.ts';
import { formatTable } from './demo/table.ts';
import { say } from './demo/terminal.ts';
import { confirmAddress } from './demo/welcome.ts';
import { handleInterruption } from './interruption.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let backend: Backend | undefined;
const isInterrupted = handleInterruption(() => backend?.stop());

try {
  const [first, ...rest] = process.argv.slice(2);
  const material = first === 'export' ? await openMaterial(rest) : undefined;
  const wishes = first === 'generate' ? await readWishes(rest) : undefined;
  const sources = material || wishes ? [] : await openSources(process.argv.slice(2));
  backend = await findBackend(root);
  if (material) await runExport(backend, material);
  else if (wishes) await runGenerate(backend, wishes);
  else await runDemo(backend, sources);
} catch (error) {
  fail(error);
} finally {
  await backend?.stop();
}

async function openSources(paths: string[]): Promise<Source[]> {
  return paths.length > 0 ? Promise.all(paths.map(openFile)) : [synthesiseSong()];
}

async function runExport(
  { api }: Backend,
  material: Awaited<ReturnType<typeof openMaterial>>,
): Promise<void> {
  const { email, call } = await signUp(api);
  const { id } = await call<{ id: string }>('POST', '/v1/projects', { name: 'Demo' });
  say(`Signed up as ${email} at ${api}`);
  await demoExport(call, id, material);
}

async function runGenerate({ api }: Backend, wishes: Wish[]): Promise<void> {
  const { email, call } = await signUp(api);
  const { id } = await call<{ id: string }>('POST', '/v1/projects', { name: 'Demo' });
  say(`Signed up as ${email} at ${api}`);
  await confirmAddress(api, email, call);
  await demoGenerate(call, id, wishes);
}

/**
 * Uploads the songs one after the other and prints a summary; a failed one does not stop the
 * others.
 */
async function runDemo({ api, isOwn }: Backend, sources: Source[]): Promise<void> {
  const { email, call } = await signUp(api);
  const { id } = await call<{ id: string }>('POST', '/v1/projects', { name: 'Demo' });
  say(`Signed up as ${email} at ${api}`);
  const rows: string[][] = [];
  for (const source of sources) {
    try {
      rows.push(summarise(source.fileName, await show(call, id, source)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fail(new Problem(`${source.fileName} failed: ${error.message}`));
      rows.push([source.fileName, 'failed']);
    }
  }
  if (rows.length > 1) say(['', ...formatTable(SUMMARY, rows)].join('\n'));
  if (!isOwn && !process.exitCode) say(`\nThe whole API: ${api}/docs`);
}

function fail(error: unknown): void {
  if (isInterrupted()) return;
  const { stderr } = process;
  stderr.write(`${styleText('red', describeProblem(error), { stream: stderr })}\n`);
  process.exitCode = 1;
}
