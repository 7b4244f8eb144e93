import { randomBytes } from 'node:crypto';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { readSignedBytes, signBytes } from '../../crypto/signed-bytes.ts';
import type { UUID } from '../../data/ids.ts';

const keys = deriveAppKeys('device-token');

const ID = 16;
const RANDOM = 16;

/**
 * A token that says no more than that somebody has signed in to this account from here. It opens
 * nothing: it gives the device tries of its own, which strangers cannot use up.
 */
export function createDeviceToken(user: UUID): string {
  return signDeviceToken(user, randomBytes(RANDOM).toString('base64url'));
}

/** What tells this device from others of the same user; undefined when it is not one of theirs. */
export function readDeviceToken(token: string, user: UUID): string | undefined {
  const content = readSignedBytes(keys, token, ID + RANDOM);
  if (!content?.subarray(0, ID).equals(user.buffer)) return undefined;
  return content.subarray(ID).toString('base64url');
}

/**
 * The token of a device that is known, signed by the key in use: a device that signs in now and then
 * outlives every key.
 */
export function signDeviceToken(user: UUID, device: string): string {
  return signBytes(keys, Buffer.concat([user.buffer, Buffer.from(device, 'base64url')]));
}
