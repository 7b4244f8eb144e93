/** Takes one line of readable text about what the local cloud does. */
export type Log = (line: string) => void;

/** The default log: standard error, so that standard output holds only the result of a command. */
export const toStderr: Log = (line) => {
  process.stderr.write(`${line}\n`);
};

/** Formats whatever was thrown, with its stack if it has one. */
export function formatError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Formats whatever was thrown, without a stack. */
export function formatMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
