/** Gives out whole lines of a text that comes in pieces. One without an end is not kept for ever. */
export function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const parts = (rest + chunk.toString('latin1')).split('\n');
    rest = (parts.pop() ?? '').slice(-4096);
    for (const line of parts) onLine(line);
  };
}
