import { hash } from 'node:crypto';

/** The SHA-256 of a text, in base64url. */
export function hashText(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** The SHA-256 of a text, as bytes. */
export function hashToBytes(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
