import { randomBytes } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import { config } from '../config.ts';
import { decryptByAny, encryptAesGcm, NONCE, TAG } from '../crypto/aes-gcm.ts';
import { deriveAppKeys } from '../crypto/app-key.ts';
import { AppError } from '../errors.ts';

/** A key as it is stored: encrypted under another (envelope encryption), which never leaves KMS. */
export interface WrappedKey {
  /** The ARN of the KMS key, or `LOCAL`. */
  wrapper: string;
  wrapped: Uint8Array;
}

/** What a wrapped key is bound to: it unwraps as this key of this subject alone. */
export interface KeyName {
  id: string;
  /** Whose data it encrypts: the id of a user, or `stage`. Keys of before were everybody's, and have none. */
  subject?: string;
}

/** Without KMS: a key derived from the app's secret. Another derivation would be another name. */
const LOCAL = 'app-secret-1';

/** Which key wraps those that are made now. @throws Error when a deployed stage names none */
export function wrapperInUse(): string {
  if (config.sealingKeyArn) return config.sealingKeyArn;
  if (config.stage !== 'local') throw new Error('Encrypted fields need SEALING_KEY_ARN.');
  return LOCAL;
}

/**
 * Makes a key of 32 random bytes and wraps it; it unwraps under the same name alone.
 * @throws AppError UNAVAILABLE
 */
export async function makeWrappedKey(name: KeyName): Promise<WrappedKey> {
  const by = wrapperInUse();
  if (by === LOCAL) return { wrapper: by, wrapped: wrapLocally(randomBytes(32), name) };
  const { kms, sdk } = await loadClient();
  const command = { KeyId: by, KeySpec: 'AES_256', EncryptionContext: bindTo(name) } as const;
  const made = await mapErrors(kms.send(new sdk.GenerateDataKeyCommand(command)));
  return { wrapper: by, wrapped: made.CiphertextBlob as Uint8Array };
}

/**
 * Unwraps what `makeWrappedKey` wrapped under this name.
 * @throws AppError UNREADABLE when it may not; UNAVAILABLE
 */
export async function unwrapKey(
  name: KeyName,
  { wrapper: by, wrapped }: WrappedKey,
): Promise<Buffer> {
  if (by === LOCAL) return unwrapLocally(Buffer.from(wrapped), name);
  const { kms, sdk } = await loadClient();
  const command = { KeyId: by, CiphertextBlob: wrapped, EncryptionContext: bindTo(name) };
  const { Plaintext } = await mapErrors(kms.send(new sdk.DecryptCommand(command)));
  return Buffer.from(Plaintext as Uint8Array);
}

/** What KMS binds to the key, and CloudTrail shows of each use. */
function bindTo({ id, subject }: KeyName): Record<string, string> {
  return {
    ...{ service: 'mixdown', stage: config.stage, sealingKey: id },
    ...(subject && { subject }),
  };
}

let client: KMSClient | undefined;

/** Loaded where it is used: the SDK costs more to import than most requests take. */
async function loadClient() {
  const sdk = await import('@aws-sdk/client-kms');
  client ??= new sdk.KMSClient({
    region: config.region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1500, throwOnRequestTimeout: true },
  });
  return { kms: client, sdk };
}

/** Tells a refusal, which trying again does not mend, from KMS being away. */
async function mapErrors<T>(call: Promise<T>): Promise<T> {
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

const localKeys = deriveAppKeys(`wrap ${LOCAL}`);

const bindLocally = ({ id, subject }: KeyName) => Buffer.from(subject ? `${subject}/${id}` : id);

function wrapLocally(key: Buffer, name: KeyName): Buffer {
  const nonce = randomBytes(NONCE);
  const bound = bindLocally(name);
  const { ciphertext, tag } = encryptAesGcm(localKeys.current(), nonce, key, bound);
  return Buffer.concat([nonce, ciphertext, tag]);
}

function unwrapLocally(wrapped: Buffer, name: KeyName): Buffer {
  const nonce = wrapped.subarray(0, NONCE);
  const encrypted = { ciphertext: wrapped.subarray(NONCE, -TAG), tag: wrapped.subarray(-TAG) };
  try {
    return decryptByAny(localKeys.all(), nonce, encrypted, bindLocally(name));
  } catch (cause) {
    throw refused(cause);
  }
}
