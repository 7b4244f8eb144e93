/** The results of doing it that often, begun at once. */
export function times<R>(n: number, work: (n: number) => R): R[] {
  return Array.from({ length: n }, (_, i) => work(i));
}
