import type { RequestPlace } from '../faults.ts';
import type { Host } from '../host.ts';
import { fileRoutes } from './files.ts';
import { info } from './info.ts';
import { jobs } from './jobs.ts';
import { prompts } from './prompts.ts';
import { queues } from './queue.ts';
import type { Call } from './route.ts';

const routes = { ...prompts, ...queues, ...jobs, ...fileRoutes, ...info };
const PLACES: [RegExp, RequestPlace][] = [
  [/^POST \/prompt/, 'submit'],
  [/^GET \/api\/jobs/, 'jobs'],
  [/^GET \/history/, 'history'],
  [/^GET \/queue/, 'queue'],
  [/^GET \/view/, 'view'],
  [/^POST \/upload/, 'upload'],
  [/^POST /, 'control'],
];

/** What answers a request. */
export interface Match {
  handle(call: Call): Response | Promise<Response>;
  name: string;
  place: RequestPlace;
}

/** Finds the route of a path. Each is there twice: as it is, and under `/api`. */
export function findRoute(host: Host, method: string, path: string): Match | undefined {
  const bare = path.startsWith('/api/') ? path.slice('/api'.length) : undefined;
  const found = match(method, path) ?? (bare === undefined ? undefined : match(method, bare));
  return found && found.place === 'jobs' && !host.settings.jobs ? undefined : found;
}

function match(method: string, path: string): Match | undefined {
  for (const [key, handle] of Object.entries(routes)) {
    const [wanted, pattern = ''] = key.split(' ');
    if (wanted !== method) continue;
    const place = PLACES.find(([known]) => known.test(key))?.[1] ?? 'info';
    if (!pattern.endsWith('}')) {
      if (pattern === path) return { handle, name: '', place };
      continue;
    }
    const prefix = pattern.slice(0, pattern.indexOf('{'));
    const rest = path.slice(prefix.length);
    if (path.startsWith(prefix) && rest && !rest.includes('/')) {
      return { handle, name: decodeURIComponent(rest), place };
    }
  }
  return undefined;
}
