import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatMessage, type Log, toStderr } from './log.ts';
import { type Kept, keep } from './process/keep.ts';
import { noteChild } from './process/leftovers.ts';
import { openLog, readLastLines } from './process/log-file.ts';
import { waitForPort } from './process/ready.ts';

/** An S3 server that is restarted when it dies. */
export type S3 = Kept & S3Access;

/** The address and credentials of an S3 server. */
export type S3Access = { endpoint: string; accessKeyId: string; secretAccessKey: string };

type Options = {
  /** The folder of `s3/`, with the objects, of `s3-versions/`, with former ones, and of `s3.log`. */
  dir: string;
  port: number;
  /** Where it posts its events; versitygw does not start if nothing answers there. */
  webhookUrl: string;
  binary: string;
  accessKeyId: string;
  secretAccessKey: string;
  log?: Log;
};

/** Starts an S3 server that stores objects in a folder. */
export async function startS3(options: Options): Promise<S3> {
  const { dir, port, webhookUrl, binary, accessKeyId, secretAccessKey, log = toStderr } = options;
  const folder = join(dir, 's3');
  const words = join(dir, 's3.log');
  const versions = join(dir, 's3-versions');
  await Promise.all([folder, versions].map((path) => mkdir(path, { recursive: true })));
  const args = ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive'];

  async function launch(): Promise<ChildProcess> {
    const output = await openLog(words);
    const child = spawn(binary, [...args, 'posix', '--versioning-dir', versions, folder], {
      stdio: ['ignore', output.fd, output.fd],
      detached: true, // Ctrl-C in the terminal is for the supervisor, which ends its children
      // Not as arguments, because every user of the machine can read those.
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: accessKeyId,
        ROOT_SECRET_KEY: secretAccessKey,
        VGW_EVENT_WEBHOOK_URL: webhookUrl,
      },
    });
    noteChild(join(dir, 'run'), 's3', child.pid);
    await output.close();
    return child;
  }

  try {
    const ready = () => waitForPort(port, 20_000);
    const kept = await keep({ name: 'versitygw', launch, ready, log });
    // Always by the name `localhost`: a URL that is signed for one host is rejected under another.
    const access = { endpoint: `http://localhost:${port}`, accessKeyId, secretAccessKey };
    return Object.assign(kept, access);
  } catch (error) {
    throw new Error(
      `${formatMessage(error)}. Its log (${words}) ends:\n${await readLastLines(words)}`,
    );
  }
}
