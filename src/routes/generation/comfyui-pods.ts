import type { Route } from '../../api/http/route.ts';
import { removeRoute, updateRoute } from '../../api/resource/document-routes.ts';
import { change, erase, filterById, findNamed, read } from '../../api/resource/verbs.ts';
import { ComfyUIPod } from '../../models/generation/comfyui/pod.ts';
import { admin } from '../../rules.ts';
import { forgetPod, refuseWhileAtWork } from '../../services/generation/comfyui/change-pod.ts';

/** PATCH of a pod: under another address it is another server. */
export function updatePod(path: string): Route {
  const route: Partial<Route> = {
    handle: async (ctx, request) => {
      const only = { baseUrl: 1 };
      const pod = await findNamed(ctx, { entity: ComfyUIPod, rule: admin }, request, only);
      const { baseUrl } = (request.body ?? {}) as { baseUrl?: unknown };
      const isMoved = typeof baseUrl === 'string' && baseUrl !== pod.baseUrl;
      if (isMoved) await refuseWhileAtWork(ctx, pod._id);
      const filter = filterById(admin, ctx, request);
      const changed = await change(ctx, ComfyUIPod, filter, request);
      if (!isMoved) return changed;
      await forgetPod(ctx, pod._id);
      return read(ctx, ComfyUIPod, filter, [], request);
    },
  };
  const updated = updateRoute(ComfyUIPod, { path, rule: admin });
  return Object.assign(updated, route, { codes: [...(updated.codes ?? []), 'IN_USE'] });
}

/** DELETE of a pod, which has to have ended its work. */
export function removePod(path: string): Route {
  const route: Partial<Route> = {
    summary: 'Delete a ComfyUIPod, which must be at work on nothing: set isDraining before.',
    handle: async (ctx, request) => {
      const { _id } = await findNamed(ctx, { entity: ComfyUIPod, rule: admin }, request);
      await refuseWhileAtWork(ctx, _id);
      return erase(ctx, ComfyUIPod, filterById(admin, ctx, request), request);
    },
  };
  return Object.assign(removeRoute(ComfyUIPod, { path, rule: admin }), route);
}
