// The registry: every entity, made once. Bundlers need static imports, so it is a list and no glob.
export { Session } from './account/session.ts';
export { User } from './account/user.ts';
export { UserSettings } from './account/user-settings.ts';
export { Project } from './studio/project.ts';
export { Track } from './studio/track.ts';
export { AuditEvent } from './system/audit-event.ts';
export { IdempotencyRecord } from './system/idempotency-record.ts';
export { Job } from './system/job.ts';
export { RateCount } from './system/rate-count.ts';
export { SealingKey } from './system/sealing-key.ts';
