import { toStderr } from '../../../src/local/log.ts';
import { fetchOnce, findCached } from '../../../src/local/tools/cache.ts';
import { buildGo } from '../../../src/local/tools/go.ts';

const NAME = 'aws-lambda-rie';
/** It has no releases that Go knows: a commit names the version. */
const VERSION = 'v0.0.0-20261030222936-bef5c4ba774d';
const MODULE = `github.com/aws/aws-lambda-runtime-interface-emulator/cmd/${NAME}@${VERSION}`;

/**
 * Finds AWS's emulator of Lambda's runtime interface, or builds it once, which needs Go 1.26 and takes a
 * minute. It hands events to a runtime, and refuses answers over 6 MB, as Lambda does.
 */
export async function findEmulator(): Promise<string> {
  const build = (folder: string) => buildGo(NAME, MODULE, folder);
  return (await findCached(NAME, VERSION)) ?? fetchOnce(NAME, VERSION, toStderr, build);
}
