/**
 * Lets go of what a script has started when it is told to end, and ends it with 130. Returns whether that
 * has happened: what goes wrong then is what was asked for.
 */
export function onInterruption(stop: () => Promise<void> | undefined): () => boolean {
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, async () => {
      isInterrupted = true;
      await stop();
      process.exit(130);
    });
  }
  return () => isInterrupted;
}
