import { resource } from '../src/api/resource.ts';
import { admin } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { RetentionPolicy } from '../src/models/system/retention-policy.ts';

export const retentionPolicies = resource(RetentionPolicy, {
  path: '/v1/retention/policies',
  can: { create: admin, read: admin, update: admin, remove: admin },
  include: ['runs'],
  example: { entity: 'AuditEvent', after: 'P2Y', action: 'ARCHIVE' },
});

export const handler = serve(retentionPolicies);
