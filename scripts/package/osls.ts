import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { startEmptyCloud } from './cloud.ts';

/** Removes what an earlier run has built: the names of chunks contain hashes, so it would be packed, too. */
export function removeBuilt(): void {
  for (const folder of ['.esbuild', '.serverless'])
    rmSync(folder, { recursive: true, force: true });
}

/**
 * Runs `osls package` with the given arguments, without an account.
 * @param cacheNode the program that makes the code caches
 * @param hasBundles whether they are packed as they are
 * @throws Error when it fails
 */
export async function runOsls(
  args: string[],
  { cacheNode, hasBundles }: { cacheNode: string; hasBundles: boolean },
): Promise<void> {
  const cloud = await startEmptyCloud();
  const { AWS_PROFILE, AWS_SESSION_TOKEN, ...env } = process.env;
  const osls = spawn(
    process.execPath,
    ['node_modules/serverless/bin/serverless.js', 'package', ...args],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...{ ...env, ...cloud.env, CODE_CACHE_NODE: cacheNode },
        ...(hasBundles && { SAME_BUNDLES: 'yes' }),
        // esbuild is a Go program, which else lets garbage grow to twice what it needs.
        GOMEMLIMIT: '500MiB',
      },
    },
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
