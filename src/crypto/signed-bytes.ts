import type { KeyObject } from 'node:crypto';
import type { AppKeys } from './app-key.ts';
import { isSameSignature, signHmac } from './hmac.ts';

const SIGNATURE = 16;

/** Bytes with their signature behind them, in base64url. */
export function signBytes(keys: AppKeys, content: Buffer): string {
  return Buffer.concat([content, sign(keys.current(), content)]).toString('base64url');
}

/** The bytes of such a text; undefined when it is not one that we have signed. */
export function readSignedBytes(keys: AppKeys, text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== length + SIGNATURE) return undefined;
  const [content, signature] = [bytes.subarray(0, length), bytes.subarray(length)];
  const isOurs = keys.all().some((key) => isSameSignature(signature, sign(key, content)));
  return isOurs ? content : undefined;
}

function sign(key: KeyObject, content: Buffer): Buffer {
  return signHmac(key, content).subarray(0, SIGNATURE);
}
