/** Codes of Node for a service that cannot be reached, or that hung up. */
const UNREACHABLE = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
];

/** Whether an SDK's error says "not now": nobody there, no answer in time, or a fault of the service. */
export function isAway(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  // Only what an SDK has tried carries this: the same codes of our own sockets mean other things.
  const { name, code, $fault, $metadata } = thrown as Error & Record<string, unknown>;
  if (!$metadata) return false;
  const isUnreachable = typeof code === 'string' && UNREACHABLE.includes(code);
  return name === 'TimeoutError' || isUnreachable || $fault === 'server';
}
