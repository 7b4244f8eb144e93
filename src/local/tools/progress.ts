/**
 * A piece of work that the user waits for. `measure` returns how much of it is done, from 0 to 1,
 * if that is known.
 */
export type Task = { name: string; measure: () => Promise<number | undefined> };

const running = new Set<{ name: string; began: number; text: string }>();
let timer: NodeJS.Timeout | undefined;

/**
 * Shows the progress of all running tasks on one line of the terminal: a bar if `measure` returns a
 * share, else the seconds since the beginning. Without a terminal nothing is shown.
 */
export async function withProgress<T>({ name, measure }: Task, work: () => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work();
  const entry = { name, began: Date.now(), text: '' };
  running.add(entry);
  const watch = setInterval(async () => {
    const share = await measure();
    const seconds = Math.round((Date.now() - entry.began) / 1000);
    entry.text = share === undefined ? `${seconds} s` : formatBar(share);
  }, 200);
  timer ??= setInterval(draw, 200);
  try {
    return await work();
  } finally {
    clearInterval(watch);
    running.delete(entry);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
      process.stderr.write('\r\x1b[K');
    }
  }
}

function draw(): void {
  const line = [...running].map(({ name, text }) => `${name} ${text}`).join('   ');
  process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function formatBar(share: number): string {
  const full = Math.round(Math.min(share, 1) * 16);
  return `${'█'.repeat(full)}${'░'.repeat(16 - full)} ${Math.round(Math.min(share, 1) * 100)} %`;
}
