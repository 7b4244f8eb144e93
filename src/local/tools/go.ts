import { join } from 'node:path';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

/** Builds a program from a Go module into a folder. @returns its path */
export async function buildGo(name: string, module: string, folder: string): Promise<string> {
  const env = {
    GOBIN: folder,
    // A user's -mod=vendor would make `go install` fail. Checksums are still verified against Go's
    // checksum database, which pins the source.
    GOFLAGS: '-mod=mod',
    CGO_ENABLED: '0', // no C compiler needed
  };
  const measure = async () => undefined;
  await withProgress({ name: `building ${name}`, measure }, () =>
    run('go', ['install', module], { env, cwd: folder }),
  );
  return join(folder, name);
}
