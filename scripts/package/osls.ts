import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { startEmptyCloud } from './cloud.ts';

/**
 * Runs `osls package` with the given arguments into an empty `.serverless`, without an account.
 * @throws Error when it fails
 */
export async function runOsls(args: string[]): Promise<void> {
  // The names of chunks contain hashes, so files of an earlier build would be packaged, too.
  for (const folder of ['.esbuild', '.serverless'])
    rmSync(folder, { recursive: true, force: true });
  const cloud = await startEmptyCloud();
  const { AWS_PROFILE, AWS_SESSION_TOKEN, ...env } = process.env;
  const osls = spawn(
    process.execPath,
    ['node_modules/serverless/bin/serverless.js', 'package', ...args],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...env, ...cloud.env } },
  );
  try {
    const code = await new Promise((resolve, reject) => {
      osls.on('error', reject).on('close', resolve);
    });
    if (code !== 0) throw new Error(`osls package ended with ${code}.`);
  } finally {
    cloud.close();
  }
}
