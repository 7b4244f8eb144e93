import type { Route } from '../../api/http/route.ts';
import { listRoute } from '../../api/resource/list-routes.ts';
import { Stat } from '../../models/metering/stat.ts';
import { owner, type Rule } from '../../rules.ts';

/** What is counted over all users, for admins. */
const wholeApp: Rule = (actor) =>
  // One range of the index, where null would be two: null, and what is not there.
  actor.kind === 'ADMIN' ? { user: { $exists: false } } : undefined;

/** Activity and usage, as the roll-ups say: one's own, and the app's. */
export const statRoutes: Route[] = [
  listRoute(Stat, { path: '/v1/stats', can: { read: owner } }),
  {
    ...listRoute(Stat, { path: '/v1/admin/stats', can: { read: wholeApp } }),
    id: 'listAppStats',
    summary: 'List the stats of the whole app, newest first.',
  },
];
