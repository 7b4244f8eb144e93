/**
 * Splits a stream of chunks into lines. Of a line without an end only the last 4096 characters are
 * kept.
 */
export function readLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString('latin1')).split('\n');
    rest = (parts.pop() ?? '').slice(-4096);
    for (const line of parts) onLine(line);
  };
}
