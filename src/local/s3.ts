import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, sentenceOf, toStderr } from './log.ts';
import { type Kept, keep } from './process/keep.ts';
import { noteChild } from './process/leftovers.ts';
import { lastWords, openLog } from './process/log-file.ts';
import { accepts } from './process/ready.ts';

/** An S3 server that is kept running. */
export type S3 = Kept & S3Access;

/** How to reach an S3. */
export type S3Access = { endpoint: string; accessKeyId: string; secretAccessKey: string };

type Options = {
  /** Holds `s3/` with the objects and `s3.log`. */
  dir: string;
  port: number;
  /** Where it posts what happened; it must answer before the start. */
  webhookUrl: string;
  binary: string;
  accessKeyId: string;
  secretAccessKey: string;
  log?: Log;
};

/** Starts an S3 over a folder. */
export async function startS3(options: Options): Promise<S3> {
  const { dir, port, webhookUrl, binary, accessKeyId, secretAccessKey, log = toStderr } = options;
  const folder = join(dir, 's3');
  const words = join(dir, 's3.log');
  await mkdir(folder, { recursive: true });
  const args = ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive'];

  async function launch(): Promise<ChildProcess> {
    const output = await openLog(words);
    const child = spawn(binary, [...args, 'posix', folder], {
      stdio: ['ignore', output.fd, output.fd],
      detached: true, // Ctrl-C in the terminal is for the supervisor, which ends it in order
      // Not as arguments, which every user of the machine can read.
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
    const ready = () => accepts(port, 20_000);
    const kept = await keep({ name: 'versitygw', launch, ready, log });
    // By name, everywhere: a URL that is signed for one name is refused under another.
    const access = { endpoint: `http://localhost:${port}`, accessKeyId, secretAccessKey };
    return Object.assign(kept, access);
  } catch (error) {
    throw new Error(`${sentenceOf(error)}. Its log (${words}) ends:\n${await lastWords(words)}`);
  }
}
