import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getCacheDir } from '../../src/local/tools/cache.ts';
import { findOnPath, run } from '../../src/local/tools/run.ts';

const VERSION = '1.58.0';
const HOME = join(getCacheDir(), `cfn-lint-${VERSION}`);
const PROGRAM = join(HOME, 'bin', 'cfn-lint');

const execute = promisify(execFile);

/**
 * Checks a CloudFormation template. In CI, cfn-lint is installed if it is missing.
 * @returns what was found, as a sentence
 * @throws Error when the template has an error, or cannot be checked in CI
 */
export async function lintTemplate(template: string): Promise<string> {
  // In CI always the pinned version, so that the result does not depend on the machine.
  const program = existsSync(PROGRAM)
    ? PROGRAM
    : process.env.CI
      ? await install()
      : await findOnPath('cfn-lint');
  if (!program)
    return `The template was not checked: cfn-lint is missing (pip install cfn-lint==${VERSION}).`;
  // W3005: osls declares dependencies that a reference already implies, one for every route. Harmless.
  const args = ['--non-zero-exit-code', 'error', '--ignore-checks', 'W3005', '--', template];
  const { stdout, stderr } = await execute(program, args).catch((cause) => {
    const said = `${cause.stdout ?? ''}${cause.stderr ?? ''}`.trim() || cause.message;
    throw new Error(`cfn-lint found errors in the template:\n${said}`, { cause });
  });
  const said = `${stdout}${stderr}`.trim();
  const version = (await execute(program, ['--version'])).stdout.trim();
  return `${version}: no error${said ? `\n${said}` : ', no warning but W3005'}.`;
}

async function install(): Promise<string> {
  try {
    await run('python3', ['-m', 'venv', HOME]);
    await run(join(HOME, 'bin', 'pip'), ['install', '--quiet', `cfn-lint==${VERSION}`]);
  } catch (cause) {
    // pip prints the address of its index when it fails, which does not belong in a log.
    const reason = String(cause).replace(/https?:\/\/\S+/g, '…');
    throw new Error(`cfn-lint ${VERSION} could not be installed: ${reason}`);
  }
  return PROGRAM;
}
