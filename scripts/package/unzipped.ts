import { measureFolder } from './fonts-layer.ts';
import { readZip } from './zip.ts';

/** What Lambda takes of a function with its layers, unzipped, in bytes. */
const LIMIT = 250 * 1024 * 1024;

/** Says how large the worker is, unzipped with its layers. @throws Error when Lambda would refuse it */
export function weighUnzipped(): string {
  const own = readZip('.serverless/runJobs.zip').reduce(
    (sum, entry) => sum + entry.read().length,
    0,
  );
  const bytes = own + measureFolder('layers/ffmpeg') + measureFolder('layers/fonts');
  const told = `runJobs and its layers have ${Math.round(bytes / 2 ** 20)} MiB unzipped, of 250.`;
  if (bytes > LIMIT) throw new Error(told);
  return told;
}
