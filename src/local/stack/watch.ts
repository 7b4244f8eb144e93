import { existsSync, type FSWatcher, watch as watchFiles } from 'node:fs';
import { join } from 'node:path';
import { formatMessage, type Log } from '../log.ts';

/**
 * Calls `changed` shortly after the last change of a source file. Returns a function that stops
 * watching.
 */
export function watch(root: string, changed: () => Promise<void>, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;

  function schedule(): void {
    clearTimeout(timer);
    timer = setTimeout(run, 150); // editors write a file in several steps
  }

  async function run(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    await changed().catch((error: unknown) => log(formatMessage(error)));
    running = false;
    if (again) schedule();
    again = false;
  }

  const watchers: FSWatcher[] = ['src', 'functions', 'migrations', 'deploy']
    .map((folder) => join(root, folder))
    .filter(existsSync)
    .map((folder) => watchFiles(folder, { recursive: true }, schedule));
  // The folder, not the file: editors replace a file, and a watcher of the file would stay with the
  // old one.
  watchers.push(watchFiles(root, (_kind, name) => name === 'serverless.yml' && schedule()));
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
