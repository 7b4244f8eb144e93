import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Consent } from '../src/models/privacy/consent.ts';
import { owner } from '../src/rules.ts';

export const consents = resource(Consent, {
  path: '/v1/consents',
  can: { create: owner, read: owner },
  include: ['user'],
  prepare: ({ ip, userAgent }, values) => ({ ...values, ip, userAgent }),
});

export const handler = serve(consents);
