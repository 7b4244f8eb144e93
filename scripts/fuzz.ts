// `npm run test:fuzz`: runs schemathesis against the whole stack, once as a user and once as an
// administrator. `-- --cases N` sends more cases, `-- --seed N` those of an earlier run.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeProblem } from './demo/problem.ts';
import { openAccount, type Role } from './fuzz/account.ts';
import { type Backend, findBackend } from './fuzz/backend.ts';
import { type Choice, readChoice } from './fuzz/choice.ts';
import { addExamples, readDocument } from './fuzz/document.ts';
import { uploadMedia } from './fuzz/media.ts';
import { findUnreached, listFaults, summarise } from './fuzz/outcome.ts';
import { findTool, Missing, type Report, runTool } from './fuzz/schemathesis.ts';
import { makeOneOfEach } from './fuzz/seed.ts';
import { makeBodies } from './fuzz/special.ts';
import { serveTokens } from './fuzz/token-server.ts';
import { handleInterruption } from './interruption.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dir = await mkdtemp(join(tmpdir(), 'mixdown-fuzz-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
let backend: Backend | undefined;
const isInterrupted = handleInterruption(() => backend?.stop());

try {
  const choice = readChoice(process.argv.slice(2));
  const tool = await findTool();
  backend = await findBackend(root, dir);
  process.exitCode = await fuzz(tool, backend, choice);
} catch (error) {
  if (!isInterrupted()) console.error(describeProblem(error));
  process.exitCode = error instanceof Missing ? 2 : 1;
} finally {
  if (!isInterrupted()) await backend?.stop();
}

/** Runs both roles. @returns the exit code */
async function fuzz(tool: string, { api, mongodb }: Backend, choice: Choice): Promise<number> {
  const { cases, seed } = choice;
  console.log(`Schemathesis on ${api}, seed ${seed}`);
  const user = await runAs('user');
  const admin = await runAs('admin');
  const sent = user.test_cases.generated + admin.test_cases.generated;
  console.log(`total  ${sent} cases of at least ${cases}`);
  const isWell = sent >= cases && [user, admin].every((r) => listFaults(r).length === 0);
  if (!isWell)
    console.log(`To repeat this run: npm run test:fuzz -- --cases ${cases} --seed ${seed}`);
  return isWell ? 0 : 1;

  async function runAs(role: Role): Promise<Report> {
    const began = Date.now();
    const account = await openAccount({ api, mongodb }, role);
    const tokens = await serveTokens(account);
    try {
      const given = await readDocument(api);
      const media = await uploadMedia(api, account, dir);
      const { ids, refused } = await makeOneOfEach(api, given, account, media);
      if (refused.length > 0)
        console.log(`${role.padEnd(6)} could not create ${refused.join(', ')}`);
      const document = addExamples(given, ids, await makeBodies(given, account));
      const perRun = Math.ceil(cases / 2);
      const run = { tool, dir, api, role, document, ids, tokens: tokens.url, cases: perRun, seed };
      const { report, output } = await runTool(run);
      if (listFaults(report).length > 0) console.log(output);
      console.log(summarise(role, report, Math.round((Date.now() - began) / 1000)));
      const missed = findUnreached(report, document);
      if (missed.length > 0) console.log(`       nothing was accepted by ${missed.join(', ')}`);
      return report;
    } finally {
      tokens.stop();
      await account.close();
    }
  }
}
