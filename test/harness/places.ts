import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { createBuckets } from '../../src/local/bucket.ts';
import type { Deployment } from '../../src/local/cloud.ts';
import { createQueues } from '../../src/local/queue/server.ts';
import type { ToolsInfo } from '../../src/local/tools.ts';
import { answerPlace, type Place, readAsker } from './ask-place.ts';
import { startDatabases } from './databases.ts';

/**
 * Gives a place to each test file that asks for one in `folder`. Runs beside all of them, in the process of
 * the global setup: it knows which databases are migrated already, and whose process has ended. Buckets and
 * queues cost little and are new each time: no late event or message of another file is in them.
 */
export function startPlaces(tools: ToolsInfo, deployment: Deployment, folder: string) {
  const databases = startDatabases(tools.mongodb);

  async function makePlace(pid: number): Promise<Place> {
    const name = `t${randomBytes(6).toString('hex')}`;
    const bucket = `${name}-media`;
    const [lent, queues] = await Promise.all([
      databases.lend(pid),
      createQueues(tools.queue, deployment, name),
      createBuckets(tools.s3, bucket),
    ]);
    return { ...lent, bucket, queues };
  }

  async function answer(name: string, pid: number): Promise<void> {
    const place = await makePlace(pid).catch((error: Error) => ({ error: String(error.stack) }));
    answerPlace(folder, name, place);
  }

  const known = new Set<string>(); // a file that is written is told of more than once
  const watcher = watch(folder, (_event, file) => {
    const asker = file ? readAsker(file) : undefined;
    if (!asker || known.has(asker.name)) return;
    known.add(asker.name);
    void answer(asker.name, asker.pid);
  });
  return {
    stop: async () => {
      watcher.close();
      await databases.stop();
    },
  };
}
