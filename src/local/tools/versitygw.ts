import type { Tool } from './find.ts';
import { buildGo } from './go.ts';

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

function build(folder: string): Promise<string> {
  return buildGo('versitygw', `github.com/versity/versitygw/cmd/versitygw@${version}`, folder);
}
