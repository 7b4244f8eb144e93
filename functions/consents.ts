import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Consent } from '../src/models/account/consent.ts';

export const consents = resource(Consent, {
  path: '/v1/consents',
  can: { create: owner, read: owner },
  include: ['user'],
  prepare: ({ ip, userAgent }, values) => ({ ...values, ip, userAgent }),
});

export const handler = serve(consents);
