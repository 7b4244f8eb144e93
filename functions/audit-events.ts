import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { AuditEvent } from '../src/models/audit/audit-event.ts';
import { ownerOrAdmin } from '../src/rules.ts';

export const auditEvents = resource(AuditEvent, {
  path: '/v1/audit-events',
  can: { read: ownerOrAdmin },
});

export const handler = serve(auditEvents);
