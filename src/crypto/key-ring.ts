import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Config, config, rereadConfig } from '../config.ts';
import { isWithin, type Moment, markMoment } from '../moment.ts';
import { log } from '../providers/log.ts';
import type { AppSecret, TokenKey } from './key-schemas.ts';

type Keys = Pick<Config, 'tokenKeys' | 'appSecrets'>;

/**
 * The secrets are read again by the first invocation after so many ms, so that a new key is known
 * everywhere within five minutes: long before it signs.
 */
const FRESH = 4 * 60_000;
/** How long after one try, in ms, there is another: when it has failed, or for an unknown key. */
const AGAIN = 15_000;
/** How long an invocation waits, in ms: then it goes on with the keys that it has. */
const PATIENCE = 1000;

let keys: Keys = { tokenKeys: config.tokenKeys, appSecrets: config.appSecrets };
let readAt = markMoment();
let triedAt = readAt;
let reading: Promise<void> | undefined;

/** All keys that verify access tokens, the newest first; another array once they have changed. */
export function listTokenKeys(): readonly TokenKey[] {
  return keys.tokenKeys;
}

/** All secrets that keys are derived from, the newest first. */
export function listAppSecrets(): readonly AppSecret[] {
  return keys.appSecrets;
}

/**
 * Begins to read the secrets again when it is time to. An invocation calls this when it begins: a timer would
 * stand still while a Lambda is frozen. Only the first one waits, the others of the same moment go on
 * with what there is. If it fails, what was read before stays in use.
 */
export function renewKeys(): Promise<void> | undefined {
  if (reading || isWithin(readAt, FRESH) || isWithin(triedAt, AGAIN)) return undefined;
  return waitFor(begin());
}

/**
 * Reads the secrets before it is time to, for a token whose key is unknown. As anybody may send such
 * a token, it reads no more often than after a failure.
 */
export async function renewKeysEarly(): Promise<void> {
  if (reading) await waitFor(reading);
  else if (!isWithin(triedAt, AGAIN)) await waitFor(begin());
}

function waitFor(work: Promise<void>): Promise<void> {
  return Promise.race([work, setTimeout(PATIENCE, undefined, { ref: false })]);
}

function begin(): Promise<void> {
  triedAt = markMoment();
  reading = read(triedAt).finally(() => {
    reading = undefined;
  });
  return reading;
}

async function read(since: Moment): Promise<void> {
  try {
    const { tokenKeys, appSecrets } = await rereadConfig();
    const found = { tokenKeys, appSecrets };
    // From the same arrays nothing is derived once more.
    if (!isDeepStrictEqual(found, keys)) keys = found;
    readAt = since;
  } catch (error) {
    log.error('The secrets could not be read again: the former ones stay in use.', {
      error: error as Error,
    });
  }
}
