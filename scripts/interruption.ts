/**
 * Calls `stop` when a signal ends the script, and exits with 130. Returns a function that says
 * whether that has happened, because errors are expected then and need not be reported.
 */
export function handleInterruption(stop: () => Promise<void> | undefined): () => boolean {
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
