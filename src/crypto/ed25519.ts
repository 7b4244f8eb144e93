import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What stands before the 32 bytes of a private key in PKCS #8. https://www.rfc-editor.org/rfc/rfc8410 */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 key of a seed of 32 bytes: the same seed makes the same key. */
export function makeSigningKey(seed: Buffer): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
}

/** Signs a text; whoever has the public key can verify it, and make no signature of its own. */
export function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64url');
}

/** Whether a text was signed by this key, of which the public part is enough. */
export function isTextSigned(key: KeyObject, text: string, signature: string): boolean {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
}

/** The public part, as others need it to verify: SPKI in PEM. */
export function exportPublicKey(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
}
