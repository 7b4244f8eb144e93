import { randomBytes } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { isToCome } from '../../data/database-time.ts';
import { decryptUnlessGone } from '../../data/encrypted-fields.ts';
import type { DocOf } from '../../data/entity.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { insert, removeOne } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { MailToken, type TOKEN_PURPOSES } from '../../models/account/mail-token.ts';
import type { UserDoc } from './signed-in.ts';

export const TOKEN_MINUTES = 30;
const RANDOM = 32;

export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];
type TokenDoc = DocOf<typeof MailToken>;

/**
 * Makes a token that works once. Only its hash is stored: the mail alone has it. Those that were made
 * before stay valid until one of them is used, since nobody knows which of the mails arrives.
 */
export async function createMailToken(
  ctx: Ctx,
  purpose: TokenPurpose,
  { _id, credentialsVersion }: Pick<UserDoc, '_id' | 'credentialsVersion'>,
  email: string,
): Promise<string> {
  const token = randomBytes(RANDOM).toString('base64url');
  const values = { user: _id, purpose, email, credentialsVersion, tokenHash: hashText(token) };
  await insert(ctx, MailToken, values, 'create', { expiresAt: TOKEN_MINUTES * 60_000 });
  return token;
}

/** The token as it is stored, which is not used by that. @throws AppError INVALID_TOKEN */
export async function readMailToken(
  ctx: Ctx,
  purpose: TokenPurpose,
  token: string,
): Promise<TokenDoc & { address: string }> {
  const found = await findOne(ctx, MailToken, matchToken(ctx, purpose, token), WHOLE);
  if (!found) throw makeRefusal();
  const address = await decryptUnlessGone<string>(ctx, MailToken, found, 'email');
  // Who was forgotten has none.
  if (address === undefined) throw makeRefusal();
  return { ...found, address };
}

/**
 * Uses a token up, in the caller's transaction, and with it all others that its account has for the
 * same. Of many calls with one token, one gets this far. @throws AppError INVALID_TOKEN
 */
export async function useMailToken(tx: Ctx, purpose: TokenPurpose, token: string): Promise<void> {
  const used = await removeOne(tx, MailToken, matchToken(tx, purpose, token));
  if (!used) throw makeRefusal();
  const others = { user: used.user, purpose };
  await MailToken.collection.deleteMany(others, { ...(tx.session && { session: tx.session }) });
}

function matchToken(ctx: Ctx, purpose: TokenPurpose, token: string) {
  return { tokenHash: hashText(token), purpose, ...isToCome(ctx, 'expiresAt') };
}

/** The error for a token that is none, was used, or is too old: nobody learns which. */
export function makeRefusal(): AppError {
  return new AppError('INVALID_TOKEN', 'This token is not valid, or no longer; ask for another.');
}
