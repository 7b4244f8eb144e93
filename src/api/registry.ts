import { auditEvents } from '../../functions/audit-events.ts';
import { auth } from '../../functions/auth.ts';
import { jobs } from '../../functions/jobs.ts';
import { projects } from '../../functions/projects.ts';
import { sessions } from '../../functions/sessions.ts';
import { settings } from '../../functions/settings.ts';
import { system } from '../../functions/system.ts';
import { tracks } from '../../functions/tracks.ts';
import { users } from '../../functions/users.ts';
import type { Route } from './route.ts';

/** Every function that answers HTTP, by its name in serverless.yml: for the documentation and the tests. */
export const served: Record<string, { routes: Route[] }> = {
  auditEvents,
  auth,
  jobs,
  projects,
  sessions,
  settings,
  system,
  tracks,
  users,
};
