/** So many are in a page: as many as Stripe puts into one. */
export const PAGE = 100;

interface Asked {
  limit: number;
  starting_after?: string;
}

/** Page after page of one of Stripe's lists. */
export async function* listPages<T extends { id?: string }>(
  list: (asked: Asked) => Promise<{ data: T[]; has_more: boolean }>,
): AsyncGenerator<T[]> {
  for (let last: string | undefined; ; ) {
    const page = await list({ limit: PAGE, ...(last && { starting_after: last }) });
    yield page.data;
    last = page.data.at(-1)?.id;
    if (!page.has_more || !last) return;
  }
}
