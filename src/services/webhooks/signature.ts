import { randomBytes } from 'node:crypto';
import { signHmac } from '../../crypto/hmac.ts';

const PREFIX = 'whsec_';

/** Makes a secret as Standard Webhooks has it: 32 random bytes in base64, behind `whsec_`. */
export function makeSigningSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

/** A message as it is signed. */
interface Signed {
  /** The same at each attempt, so that the receiver can tell that it has the message already. */
  id: string;
  /** When this attempt is made. */
  at: Date;
  body: string;
  /** Those that are valid now: a receiver needs one of them. */
  secrets: string[];
}

/**
 * The headers of a message by Standard Webhooks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): a signature
 * by each secret that is valid.
 */
export function signMessage({ id, at, body, secrets }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${signHmac(key, `${id}.${timestamp}.${body}`).toString('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
