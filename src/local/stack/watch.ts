import { existsSync, type FSWatcher, watch as watchFiles } from 'node:fs';
import { join } from 'node:path';
import { type Log, sentenceOf } from '../log.ts';

/** Calls back once the sources have been quiet for a moment after a change; answers how to stop. */
export function watch(root: string, changed: () => Promise<void>, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(run, 150); // editors write a file in several steps
  }

  async function run(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    await changed().catch((error: unknown) => log(sentenceOf(error)));
    running = false;
    if (again) soon();
    again = false;
  }

  const watchers: FSWatcher[] = ['src', 'functions', 'migrations', 'deploy']
    .map((folder) => join(root, folder))
    .filter(existsSync)
    .map((folder) => watchFiles(folder, { recursive: true }, soon));
  // The folder and not the file: editors replace a file, and a watch stays with the old one.
  watchers.push(watchFiles(root, (_kind, name) => name === 'serverless.yml' && soon()));
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
