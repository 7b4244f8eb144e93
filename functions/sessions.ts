import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { Session } from '../src/models/account/session.ts';
import { owner } from '../src/rules.ts';

export const sessions = resource(Session, {
  path: '/v1/sessions',
  can: { read: owner, remove: owner },
});

export const handler = serve(sessions);
