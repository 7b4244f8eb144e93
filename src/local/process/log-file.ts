import { open, readFile, rename } from 'node:fs/promises';

/** Opens the log file of a program; the log of the last run is kept as `.old`. */
export async function openLog(file: string): Promise<{ fd: number; close(): Promise<void> }> {
  await rename(file, `${file}.old`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const handle = await open(file, 'a', 0o600);
  return { fd: handle.fd, close: () => handle.close() };
}

/** Reads the last lines of a log, for the message that says why a program ended. */
export async function readLastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.trim().split('\n');
  // mongod logs a line of JSON for everything, so lines that look like errors are preferred.
  const telling = lines.filter((line) => /"s":"[EF]"|error|cannot|failed/i.test(line)).slice(-2);
  return (telling.length > 0 ? telling : lines.slice(-2)).join('\n');
}
