import type { KeyObject } from 'node:crypto';
import { isSameSignature, signHmac } from './hmac.ts';

const SIGNATURE = 16;

/** Bytes with their signature behind them, in base64url. */
export function signBytes(key: KeyObject, content: Buffer): string {
  return Buffer.concat([content, sign(key, content)]).toString('base64url');
}

/** The bytes of such a text; undefined when it is not one that this key has signed. */
export function readSignedBytes(key: KeyObject, text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== length + SIGNATURE) return undefined;
  const [content, signature] = [bytes.subarray(0, length), bytes.subarray(length)];
  return isSameSignature(signature, sign(key, content)) ? content : undefined;
}

function sign(key: KeyObject, content: Buffer): Buffer {
  return signHmac(key, content).subarray(0, SIGNATURE);
}
