import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Ctx } from '../../context.ts';
import { listTokenKeys, renewKeysEarly } from '../../crypto/key-ring.ts';
import { chooseInUse, type TokenKey } from '../../crypto/key-schemas.ts';
import { idText, newId, parseId, type UUID } from '../../data/ids.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';

/** How long an access token lives, in seconds. */
export const ACCESS_SECONDS = 600;

const ISSUER = 'mixdown';
const AUDIENCE = 'mixdown-api';
/** How far the clock of the host that signed may be from that of the host that verifies, in s. */
const SKEW = 30;
/** 64 bytes, as ES256 has them. */
const SIGNATURE = /\.[\w-]{86}$/;

/** The keys as they were last read, by their ids. */
interface Ring {
  of: readonly TokenKey[];
  privateKeys: Map<string, KeyObject>;
  publicKeys: Map<string, KeyObject>;
}

let ring: Ring | undefined;

function getRing(): Ring {
  const keys = listTokenKeys();
  if (ring?.of === keys) return ring;
  const privateKeys = new Map(
    keys.map((jwk) => [jwk.kid, createPrivateKey({ key: { ...jwk }, format: 'jwk' })]),
  );
  const publicKeys = new Map([...privateKeys].map(([kid, key]) => [kid, createPublicKey(key)]));
  // What a key that is gone has signed is not valid any longer.
  verified.clear();
  ring = { of: keys, privateKeys, publicKeys };
  return ring;
}

/** The user and session of an access token, and when it expires (ms). */
interface Claims {
  user: UUID;
  session: UUID;
  expiresAt: number;
}

/** An ES256 access token for a session. */
export function signAccessToken(ctx: Ctx, user: UUID, session: UUID): string {
  const { kid } = chooseInUse(listTokenKeys());
  const now = Math.floor(ctx.clock() / 1000);
  const claims = { sid: idText(session), iat: now, nbf: now, exp: now + ACCESS_SECONDS };
  return jwt.sign(claims, getRing().privateKeys.get(kid) as KeyObject, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'at+jwt', kid },
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: idText(user),
    jwtid: idText(newId(ctx.clock())),
  });
}

// Verified tokens, cached until they expire: a verification costs more than the rest of a request.
const verified = new Map<string, { claims: Claims; since: Moment; life: number }>();
const MOST = 5000;

/**
 * Reads an access token; undefined when it is not one of ours, in date, signed by a key we know.
 */
export function verifyAccessToken(ctx: Ctx, token: string): Claims | undefined {
  const now = ctx.clock();
  const { publicKeys } = getRing();
  const before = verified.get(token);
  if (before && isWithin(before.since, before.life)) return before.claims;
  verified.delete(token);
  const since = markMoment();
  const claims = token.length <= 2048 ? verify(publicKeys, token, now) : undefined;
  if (!claims) return undefined;
  if (verified.size >= MOST) verified.delete(verified.keys().next().value as string);
  verified.set(token, { claims, since, life: claims.expiresAt - now });
  return claims;
}

/**
 * Reads an access token by a key that this process does not know yet: it reads the secrets, if it has
 * not just done so.
 */
export async function verifyByNewKey(ctx: Ctx, token: string): Promise<Claims | undefined> {
  const kid = token.length <= 2048 ? readHeader(token)?.kid : undefined;
  if (typeof kid !== 'string' || getRing().publicKeys.has(kid)) return undefined;
  await renewKeysEarly();
  return verifyAccessToken(ctx, token);
}

function verify(publicKeys: Ring['publicKeys'], token: string, now: number): Claims | undefined {
  const header = readHeader(token);
  const key = typeof header?.kid === 'string' ? publicKeys.get(header.kid) : undefined;
  if (!key || header?.typ !== 'at+jwt' || header.alg !== 'ES256' || 'crit' in header)
    return undefined;
  // jsonwebtoken throws another error when the signature has another length.
  if (!SIGNATURE.test(token)) return undefined;
  try {
    const payload = jwt.verify(token, key, {
      algorithms: ['ES256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTolerance: SKEW,
      clockTimestamp: Math.floor(now / 1000),
    });
    if (typeof payload === 'string') return undefined;
    const user = parseId(payload.sub);
    const session = parseId(payload.sid);
    if (!user || !session || !Number.isInteger(payload.exp)) return undefined;
    return { user, session, expiresAt: ((payload.exp as number) + SKEW) * 1000 };
  } catch (error) {
    // The token is not valid; any other error is a bug.
    if (error instanceof jwt.JsonWebTokenError) return undefined;
    throw error;
  }
}

function readHeader(token: string): Record<string, unknown> | undefined {
  const [first, , , fourth] = token.split('.');
  if (!first || fourth !== undefined) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(first, 'base64url').toString());
    return typeof header === 'object' && header !== null
      ? (header as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // not JSON: no token
  }
}
