/** Which charges and payments are compared: those that were made from then to then. */
export interface Period {
  from: Date;
  to: Date;
}

/** As Stripe asks for a period. */
export function toCreated({ from, to }: Period): { gte: number; lt: number } {
  return { gte: toSeconds(from), lt: toSeconds(to) };
}

export function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
