import type { Host, Life } from './host.ts';
import { disturbAt, disturbEnd } from './run-faults.ts';
import { runPrompt } from './run-prompt.ts';

/** Runs the prompts of a life, one at a time, until it is over (main.py, `prompt_worker`). */
export async function runWorker(host: Host, life: Life): Promise<void> {
  while (!life.isOver) {
    const item = life.queue.take();
    if (!item) {
      await new Promise<void>((resolve) => {
        life.wake = resolve;
      });
      continue;
    }
    const result = await runPrompt(host, life, item);
    if (!result) return;
    const { run, ended } = result;
    await disturbEnd(run, ended.outputs);
    if (life.isOver) return;
    life.queue.finish(item, ended);
    if (run.isForgotten) life.queue.history.delete(item.id);
    disturbAt('finished', host, life, item);
    if (life.isOver) return;
    run.events.tell('executing', { node: null, prompt_id: item.id });
    life.client = undefined;
  }
}
