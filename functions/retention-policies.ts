import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { RetentionPolicy } from '../src/models/maintenance/retention-policy.ts';
import { admin } from '../src/rules.ts';

export const retentionPolicies = resource(RetentionPolicy, {
  path: '/v1/retention/policies',
  can: { create: admin, read: admin, update: admin, remove: admin },
  include: ['runs'],
  example: { entity: 'AuditEvent', after: 'P2Y', action: 'ARCHIVE' },
});

export const handler = serve(retentionPolicies);
