// The gateway of a checkout, started by that checkout's own `bench/ours.ts`. The requests are of
// the bench that compares, the same for each checkout; ids and tokens are of the checkout.
// `checkout.ts OPTIONS`, as JSON
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { startOurs } from '../ours.ts';
import { makeRequests, WORKS } from '../works.ts';

/** What is said once the gateway answers. */
export interface Started {
  base: string;
  pid: number;
  env: NodeJS.ProcessEnv;
}

/** What the parent process asks: one question at a time. */
export type Question =
  | { method: 'requests'; work: string; count: number }
  | { method: 'readProject' | 'clear' | 'stop' };

const { root, name, dir, tools, size } = JSON.parse(process.argv[2] ?? '');
const ours = await import(pathToFileURL(join(root, 'bench/ours.ts')).href);
const target = await (ours.startOurs as typeof startOurs)(tools, dir, size, `bench_${name}`);

process.on('disconnect', () => process.exit(1));
process.on('message', (question: Question) =>
  answer(question).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  ),
);
const { base, pid } = target;
process.send?.({ base, pid, env: process.env } satisfies Started);

async function answer(question: Question): Promise<unknown> {
  switch (question.method) {
    case 'requests': {
      const work = WORKS.find(({ name }) => name === question.work);
      return work && makeRequests(work, target, size, question.count);
    }
    case 'readProject': {
      const token = target.signedIn(0).authorization?.replace('Bearer ', '');
      return { method: 'GET', path: `/v1/projects/${target.id('project', 0)}`, token };
    }
    case 'clear':
      return target.clear();
    case 'stop':
      return target.stop();
  }
}
