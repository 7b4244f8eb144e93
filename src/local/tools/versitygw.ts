import { join } from 'node:path';
import type { Tool } from './find.ts';
import { withProgress } from './progress.ts';
import { run } from './run.ts';

const version = 'v1.8.0';

/** The S3 server, which stores objects in a folder. */
export const versitygw: Tool = {
  name: 'versitygw',
  variable: 'VERSITYGW_BINARY',
  version,
  purpose: 'the S3 server',
  check: { args: ['--version'], pattern: /Version *: v(\d+)/, atLeast: 1 },
  sources: [{ how: 'built once by `go install`, one to three minutes', fetch: build }],
  remedy:
    'Install Go 1.24 or newer and start again, put a versitygw binary on PATH, set ' +
    'VERSITYGW_BINARY to its file, or set S3_ENDPOINT to an S3 that runs elsewhere.',
};

async function build(folder: string): Promise<string> {
  const module = `github.com/versity/versitygw/cmd/versitygw@${version}`;
  const env = {
    GOBIN: folder,
    // A user's -mod=vendor would make `go install` fail. Checksums are still verified against Go's
    // checksum database, which pins the source.
    GOFLAGS: '-mod=mod',
    CGO_ENABLED: '0', // no C compiler needed
  };
  const measure = async () => undefined;
  await withProgress({ name: 'building versitygw', measure }, () =>
    run('go', ['install', module], { env, cwd: folder }),
  );
  return join(folder, 'versitygw');
}
