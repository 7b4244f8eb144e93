import type { Route } from '../../api/http/route.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { create } from '../../api/resource/verbs.ts';
import { Consent } from '../../models/privacy/consent.ts';
import { owner } from '../../rules.ts';

const at = { path: '/v1/consents', rule: owner };

/** Giving or refusing a consent; the IP address and user agent are stored with it. */
export const consentActions: Route[] = [
  Object.assign(createRoute(Consent, at), {
    handle: (ctx, { body }) => {
      const { ip, userAgent } = ctx;
      return create(ctx, Consent, at, body, { ip, userAgent });
    },
  } satisfies Partial<Route>),
];
