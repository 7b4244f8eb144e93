import { resource } from '../src/api/resource.ts';
import { ownerOrAdmin } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { AuditEvent } from '../src/models/system/audit-event.ts';

export const auditEvents = resource(AuditEvent, {
  path: '/v1/audit-events',
  can: { read: ownerOrAdmin },
});

export const handler = serve(auditEvents);
