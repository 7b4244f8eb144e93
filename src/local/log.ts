/** Where the local cloud says what it does: one line, already readable. */
export type Log = (line: string) => void;

/** The default log: standard error, so that standard output carries only what was asked for. */
export const toStderr: Log = (line) => {
  process.stderr.write(`${line}\n`);
};

/** The text of whatever was thrown, with its stack where it has one. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The sentence of whatever was thrown, without its stack. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
