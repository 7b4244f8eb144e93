import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { Session } from '../src/models/account/session.ts';

export const sessions = resource(Session, {
  path: '/v1/sessions',
  can: { read: owner, remove: owner },
});

export const handler = serve(sessions);
