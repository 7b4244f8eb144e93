import { isObject, type Json } from '../graph.ts';
import type { Host } from '../host.ts';
import type { Entry, Item } from '../queue.ts';
import { answer, type Routes } from './route.ts';

const STATUSES = ['pending', 'in_progress', 'completed', 'failed'];

/** The jobs API, as it was first (comfy_execution/jobs.py): an interrupted job counts as failed. */
export const jobs: Routes = {
  'GET /api/jobs': ({ host, url }) => {
    const { searchParams: query } = url;
    const wanted = query
      .get('status')
      ?.split(',')
      .map((one) => one.trim().toLowerCase());
    const bad = wanted?.filter((one) => !STATUSES.includes(one)) ?? [];
    if (bad.length > 0) {
      const error = `Invalid status value(s): ${bad.join(', ')}. Valid values: ${STATUSES.join(', ')}`;
      return answer({ error }, 400);
    }
    const sortBy = query.get('sort_by')?.toLowerCase() ?? 'created_at';
    if (!['created_at', 'execution_duration'].includes(sortBy)) {
      return answer({ error: "sort_by must be 'created_at' or 'execution_duration'" }, 400);
    }
    const order = query.get('sort_order')?.toLowerCase() ?? 'desc';
    if (!['asc', 'desc'].includes(order)) {
      return answer({ error: "sort_order must be 'asc' or 'desc'" }, 400);
    }
    const limit = query.has('limit') ? Number(query.get('limit')) : undefined;
    if (limit !== undefined && !Number.isInteger(limit)) {
      return answer({ error: 'limit must be an integer' }, 400);
    }
    if (limit !== undefined && limit <= 0) {
      return answer({ error: 'limit must be a positive integer' }, 400);
    }
    const offset = Math.max(0, Number(query.get('offset') ?? 0) || 0);
    const all = listJobs(host)
      .filter((job) => !wanted || wanted.includes(String(job.status)))
      .filter((job) => !query.get('workflow_id') || job.workflow_id === query.get('workflow_id'));
    const sign = order === 'desc' ? -1 : 1;
    all.sort((a, b) => sign * (sortKey(a, sortBy) - sortKey(b, sortBy)));
    const page = all.slice(offset, limit === undefined ? undefined : offset + limit);
    const has_more = offset + page.length < all.length;
    const pagination = { offset, limit: limit ?? null, total: all.length, has_more };
    return answer({ jobs: page, pagination });
  },
  'GET /api/jobs/{id}': ({ host: { life }, name }) => {
    const entry = life.queue.history.get(name);
    if (entry) return answer({ ...describeEntry(name, entry), ...showAll(entry) });
    const running = life.queue.running().find(({ id }) => id === name);
    if (running) return answer(describeItem(running, 'in_progress'));
    const pending = life.queue.pending().find(({ id }) => id === name);
    if (pending) return answer(describeItem(pending, 'pending'));
    return answer({ error: 'Job not found' }, 404);
  },
};

function listJobs({ life: { queue } }: Host): Json[] {
  return [
    ...queue.running().map((item) => describeItem(item, 'in_progress')),
    ...queue.pending().map((item) => describeItem(item, 'pending')),
    ...[...queue.history].map(([id, entry]) => describeEntry(id, entry)),
  ];
}

function sortKey(job: Json, by: string): number {
  if (by === 'created_at') return Number(job.create_time ?? 0);
  const [start, end] = [Number(job.execution_start_time), Number(job.execution_end_time)];
  return start && end ? end - start : 0;
}

function describeItem({ id, number, extra }: Item, status: string): Json {
  const { create_time } = extra;
  return prune({
    ...{ id, status, priority: number, create_time, outputs_count: 0 },
    workflow_id: readWorkflowId(extra),
  });
}

function describeEntry(id: string, { prompt, outputs, status }: Entry): Json {
  const [priority, , , extra] = prompt as [number, string, unknown, Json];
  const find = (...types: string[]) => status.messages.find(([type]) => types.includes(type))?.[1];
  const files = Object.entries(outputs).flatMap(([nodeId, lists]) =>
    Object.entries(lists).flatMap(([mediaType, list]) =>
      mediaType !== 'animated' && Array.isArray(list)
        ? list.filter(isObject).map((file) => ({ ...file, nodeId, mediaType }) as Json)
        : [],
    ),
  );
  const shown = files.filter(({ mediaType }) =>
    ['images', 'video', 'audio'].includes(`${mediaType}`),
  );
  return prune({
    id,
    status: status.status_str === 'error' ? 'failed' : 'completed',
    priority,
    create_time: extra.create_time,
    execution_start_time: find('execution_start')?.timestamp,
    execution_end_time: find('execution_success', 'execution_error', 'execution_interrupted')
      ?.timestamp,
    execution_error: find('execution_error'),
    outputs_count: files.length,
    preview_output: shown.find(({ type }) => type === 'output') ?? shown[0],
    workflow_id: readWorkflowId(extra),
  });
}

function showAll({ prompt, outputs, status }: Entry): Json {
  const [, , graph, extra_data] = prompt;
  return { outputs, execution_status: status, workflow: { prompt: graph, extra_data } };
}

function readWorkflowId(extra: Json): unknown {
  const info = isObject(extra.extra_pnginfo) ? extra.extra_pnginfo.workflow : undefined;
  return isObject(info) ? info.id : undefined;
}

function prune(job: Json): Json {
  return Object.fromEntries(Object.entries(job).filter(([, value]) => value != null));
}
