import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeError } from './node-class.ts';

/** In ms: what a stand-in encodes is short. */
const DEADLINE = 120_000;

/**
 * Runs ffmpeg on files of a folder of its own. `in0`, `in1`, … in the arguments are the inputs.
 * @param output the name of the file that is read when it has ended
 */
export async function runFfmpeg(
  program: string,
  inputs: Uint8Array[],
  args: string[],
  output: string,
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'comfyui-'));
  try {
    await Promise.all(inputs.map((bytes, n) => writeFile(join(folder, `in${n}`), bytes)));
    await runProgram(program, ['-v', 'error', '-nostdin', '-y', ...args, output], folder);
    return await readFile(join(folder, output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runProgram(program: string, args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: DEADLINE,
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new NodeError('av.error.InvalidDataError', words.trim() || `exit code ${code}`));
    });
  });
}
