import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import { appKey } from '../app-key.ts';
import { config } from '../config.ts';
import { AppError } from '../errors.ts';

/** A key as it is stored: encrypted under another, which never leaves the vault. */
export interface WrappedKey {
  /** The ARN of the KMS key, or `HOME`. */
  wrapper: string;
  wrapped: Uint8Array;
}

/** Without KMS: a key of our secret. Another derivation would be another name. */
const HOME = 'app-secret-1';

/** Whose keys are made now. @throws Error when a deployed stage names none */
export function wrapper(): string {
  if (config.sealingKeyArn) return config.sealingKeyArn;
  if (config.stage !== 'local') throw new Error('Sealed fields need SEALING_KEY_ARN.');
  return HOME;
}

/** Makes a key of 32 random bytes and wraps it; it unwraps under the same name alone. @throws AppError UNAVAILABLE */
export async function newKey(name: string): Promise<WrappedKey> {
  const by = wrapper();
  if (by === HOME) return { wrapper: by, wrapped: wrapAtHome(randomBytes(32), name) };
  const { kms, sdk } = await client();
  const command = { KeyId: by, KeySpec: 'AES_256', EncryptionContext: contextOf(name) } as const;
  const made = await answered(kms.send(new sdk.GenerateDataKeyCommand(command)));
  return { wrapper: by, wrapped: made.CiphertextBlob as Uint8Array };
}

/** Unwraps what `newKey` wrapped under this name. @throws AppError UNREADABLE when it may not; UNAVAILABLE */
export async function unwrapKey(
  name: string,
  { wrapper: by, wrapped }: WrappedKey,
): Promise<Buffer> {
  if (by === HOME) return unwrapAtHome(Buffer.from(wrapped), name);
  const { kms, sdk } = await client();
  const command = { KeyId: by, CiphertextBlob: wrapped, EncryptionContext: contextOf(name) };
  const opened = await answered(kms.send(new sdk.DecryptCommand(command)));
  return Buffer.from(opened.Plaintext as Uint8Array);
}

/** What KMS binds to the key, and CloudTrail shows of each use. */
function contextOf(name: string): Record<string, string> {
  return { service: 'mixdown', stage: config.stage, sealingKey: name };
}

let made: KMSClient | undefined;

/** Loaded where it is used: the SDK costs more to import than most requests take. */
async function client() {
  const sdk = await import('@aws-sdk/client-kms');
  made ??= new sdk.KMSClient({
    region: config.region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1500, throwOnRequestTimeout: true },
  });
  return { kms: made, sdk };
}

/** Tells a refusal, which trying again does not mend, from KMS being away. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    const { $fault, name } = cause as { $fault?: string; name?: string };
    if ($fault === 'client' && !/thrott|limit/i.test(name ?? '')) throw refused(cause);
    const message = 'The keys of what is encrypted cannot be reached just now.';
    throw new AppError('UNAVAILABLE', message, { cause, retryAfter: 2 });
  }
}

function refused(cause: unknown): AppError {
  return new AppError('UNREADABLE', 'The key of what is encrypted cannot be used.', { cause });
}

function wrapAtHome(key: Buffer, name: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', appKey(`wrap ${HOME}`), nonce).setAAD(
    Buffer.from(name),
  );
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

function unwrapAtHome(wrapped: Buffer, name: string): Buffer {
  const nonce = wrapped.subarray(0, 12);
  const decipher = createDecipheriv('aes-256-gcm', appKey(`wrap ${HOME}`), nonce, {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(name))
    .setAuthTag(wrapped.subarray(-16));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
  } catch (cause) {
    throw refused(cause);
  }
}
