import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Consent } from '../src/models/privacy/consent.ts';
import { consentActions } from '../src/routes/privacy/consents.ts';
import { owner } from '../src/rules.ts';

export const consents = resource(Consent, {
  path: '/v1/consents',
  can: { read: owner },
  include: ['user'],
  actions: consentActions,
});

export const handler = serve(consents);
