/** The id of what Stripe names by its id, or answers whole. */
export function readId(value: string | { id: string } | null | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.id;
}
