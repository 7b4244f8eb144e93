/** Runs `task` over all items, eight at a time. */
export async function inParallel<T>(items: Iterable<T>, task: (item: T) => Promise<void>) {
  const iterator = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
