import Joi from 'joi';
import { forgetSession } from '../../api/http/authenticate.ts';
import type { Components, JsonSchema, Reply, Route } from '../../api/http/route.ts';
import { appendMembers, stringifyDocument } from '../../api/json/document.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { JSON_TYPE } from '../../api/resource/answer.ts';
import { limitText } from '../../api/resource/input.ts';
import { visibleText } from '../../api/resource/text.ts';
import type { Ctx } from '../../context.ts';
import { hasAtMost } from '../../data/characters.ts';
import type { UUID } from '../../data/ids.ts';
import { User } from '../../models/account/user.ts';
import { changePassword } from '../../services/account/change-password.ts';
import { normalizeEmail } from '../../services/account/emails.ts';
import { type Credentials, login } from '../../services/account/login.ts';
import { logout, refresh } from '../../services/account/refresh.ts';
import { type Registration, register } from '../../services/account/register.ts';
import { requestPasswordReset, resetPassword } from '../../services/account/reset-password.ts';
import type { SignedIn } from '../../services/account/signed-in.ts';
import { requestEmail, verifyEmail } from '../../services/account/verify-email.ts';

const { fields } = User.shape;
const email = limitText(255, Joi.string())
  .meta({ format: 'idn-email' })
  .custom((value: string, { error }) => normalizeEmail(value) ?? error('string.email'));
const username = fields.username?.shape;
if (username?.kind !== 'string') throw new Error('The schema of User has no username.');

const password = Joi.string()
  .min(8)
  .custom((value: string) => {
    // joi's own words are enough for what is shorter even in units of UTF-16, which it counts.
    if (value.length >= 8 && (hasAtMost(value, 7) || !hasAtMost(value, 128)))
      throw new Error('must have 8 to 128 characters');
    return value;
  });
const token = limitText(512);

const describeSignedIn = (components: Components): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: ['user', 'accessToken', 'refreshToken', 'tokenType', 'expiresIn'],
  properties: {
    user: documentSchema(User)(components),
    accessToken: { type: 'string', description: 'A JWT (ES256) for the Authorization header.' },
    refreshToken: { type: 'string', description: 'Opaque; valid for one refresh.' },
    deviceToken: {
      type: 'string',
      description:
        'Answered by a sign-in: keep it on the device, and send it with later ones. It opens nothing.',
    },
    tokenType: { const: 'Bearer' },
    expiresIn: { type: 'integer', description: 'Lifetime of the access token, in seconds.' },
  },
});

function answerSignedIn(status: number, { user, ...tokens }: SignedIn): Reply {
  const body = appendMembers(`{"user":${stringifyDocument(User, user)}}`, tokens);
  return { status, body, headers: JSON_TYPE };
}

const common = { method: 'POST', tag: 'Auth', access: 'anyone' } as const;

/** Registering, signing in and out, passwords. */
export const authRoutes: Route[] = [
  {
    ...common,
    path: '/v1/auth/register',
    id: 'register',
    summary: 'Create an account and sign in.',
    body: Joi.object({
      email: email.required(),
      username: limitText(username.max as number, Joi.string().min(username.min as number))
        .pattern(username.match as RegExp)
        .required(),
      password: password.required(),
      displayName: limitText(100, visibleText()),
    }),
    success: { 201: { description: 'Signed in.', schema: describeSignedIn } },
    codes: ['DUPLICATE'],
    handle: async (ctx, { body }) => {
      return answerSignedIn(201, await register(ctx, body as Registration));
    },
  },
  {
    ...common,
    path: '/v1/auth/login',
    id: 'login',
    summary: 'Sign in by email or username.',
    body: Joi.object({
      login: limitText(255).required(),
      password: limitText(1024).required(),
      deviceToken: limitText(128).description(
        'From an earlier sign-in on this device: strangers who guess do not lock it out.',
      ),
    }),
    success: { 200: { description: 'Signed in.', schema: describeSignedIn } },
    codes: ['INVALID_CREDENTIALS'],
    handle: async (ctx, { body }) => {
      return answerSignedIn(200, await login(ctx, body as Credentials));
    },
  },
  {
    ...common,
    path: '/v1/auth/refresh',
    id: 'refresh',
    summary: 'Exchange a refresh token for a new pair of tokens.',
    body: Joi.object({ refreshToken: token.required() }),
    success: { 200: { description: 'A new pair.', schema: describeSignedIn } },
    codes: ['INVALID_REFRESH_TOKEN'],
    handle: async (ctx, { body }) => {
      return answerSignedIn(200, await refresh(ctx, body.refreshToken as string));
    },
  },
  {
    ...common,
    path: '/v1/auth/logout',
    id: 'logout',
    summary: 'End the session of a refresh token.',
    body: Joi.object({ refreshToken: token.required() }),
    success: { 204: { description: 'Ended.' } },
    handle: async (ctx, { body }) => {
      const ended = await logout(ctx, body.refreshToken as string);
      if (ended) forgetSession(ended);
      return { status: 204 };
    },
  },
  {
    ...common,
    access: 'user',
    path: '/v1/auth/password',
    id: 'changePassword',
    summary: 'Change your password; every other session ends.',
    body: Joi.object({
      currentPassword: limitText(1024).required(),
      newPassword: password.required(),
    }),
    success: { 204: { description: 'Changed.' } },
    codes: ['INVALID_CREDENTIALS', 'CONFLICT'],
    handle: async (ctx, { body }) => {
      const { id, session } = getSignedIn(ctx);
      const { currentPassword, newPassword } = body as Record<string, string>;
      await changePassword(ctx, id, session, currentPassword as string, newPassword as string);
      return { status: 204 };
    },
  },
  {
    ...common,
    path: '/v1/auth/password-reset',
    id: 'requestPasswordReset',
    summary: 'Have a mail sent by which the password can be reset, if there is such an account.',
    body: Joi.object({ email: email.required() }),
    success: { 202: { description: 'Accepted, whether or not there is such an account.' } },
    handle: async (ctx, { body }) => {
      await requestPasswordReset(ctx, body.email as string);
      return { status: 202 };
    },
  },
  {
    ...common,
    path: '/v1/auth/password-reset/confirm',
    id: 'confirmPasswordReset',
    summary: 'Set a new password by the token of that mail; every session ends.',
    body: Joi.object({ token: token.required(), password: password.required() }),
    success: { 204: { description: 'Changed.' } },
    codes: ['INVALID_TOKEN'],
    handle: async (ctx, { body }) => {
      await resetPassword(ctx, body.token as string, body.password as string);
      return { status: 204 };
    },
  },
  {
    ...common,
    path: '/v1/auth/verify-email',
    id: 'verifyEmail',
    summary: 'Confirm an address by the token of a mail; a new one takes the place of the former.',
    body: Joi.object({ token: token.required() }),
    success: { 204: { description: 'Confirmed.' } },
    codes: ['INVALID_TOKEN', 'DUPLICATE'],
    handle: async (ctx, { body }) => {
      await verifyEmail(ctx, body.token as string);
      return { status: 204 };
    },
  },
  {
    ...common,
    access: 'user',
    path: '/v1/auth/email',
    id: 'changeEmail',
    summary: 'Have a mail sent to another address, or again to your own, by which it is confirmed.',
    body: Joi.object({ email: email.required(), password: limitText(1024).required() }),
    success: { 202: { description: 'Accepted, whether or not somebody else has the address.' } },
    codes: ['INVALID_CREDENTIALS'],
    handle: async (ctx, { body }) => {
      const { email, password } = body as Record<string, string>;
      await requestEmail(ctx, getSignedIn(ctx), email as string, password as string);
      return { status: 202 };
    },
  },
];

/** Who is signed in, and in which session. */
function getSignedIn({ actor }: Ctx): { id: UUID; session: UUID } {
  if (!('session' in actor)) throw new Error('Nobody is signed in.');
  return actor;
}
