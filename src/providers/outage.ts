/** Node's error codes for a service that is unreachable or closed the connection. */
const UNREACHABLE = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
];

/** Whether an SDK's error is temporary: service unreachable, timeout, or a server fault (5xx). */
export function isUnavailable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  // Only errors of the SDK have metadata; the same codes of our own sockets mean something else.
  const { name, code, $fault, $metadata } = thrown as Error & Record<string, unknown>;
  if (!$metadata) return false;
  const isUnreachable = typeof code === 'string' && UNREACHABLE.includes(code);
  return name === 'TimeoutError' || isUnreachable || $fault === 'server';
}
