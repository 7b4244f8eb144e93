import type { Ctx } from '../../context.ts';
import type { DocOf } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import type { User } from '../../models/account/user.ts';
import type { Opened } from './sessions.ts';
import { ACCESS_SECONDS, signAccessToken } from './tokens.ts';

export type UserDoc = DocOf<typeof User>;

/** What signing in answers. */
export interface SignedIn {
  user: UserDoc;
  accessToken: string;
  refreshToken: string;
  /**
   * Sent with later sign-ins, it keeps strangers' guesses from locking this device out. Only by
   * signing in does one get it.
   */
  deviceToken?: string | undefined;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

/** Makes what a client needs to use a session. */
export function makeSignedIn(ctx: Ctx, user: UserDoc, { session, refreshToken }: Opened): SignedIn {
  return {
    user,
    accessToken: signAccessToken(ctx, user._id, session),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: ACCESS_SECONDS,
  };
}

/** The context of a user who has just signed in. */
export function actAs(ctx: Ctx, user: Pick<UserDoc, '_id' | 'isAdmin'>, session: UUID): Ctx {
  const kind = user.isAdmin ? 'ADMIN' : 'USER';
  return { ...ctx, actor: { kind, id: user._id, session } };
}
