import type { Route } from '../../api/http/route.ts';
import { removeRoute } from '../../api/resource/document-routes.ts';
import { erase, filterById, findNamed } from '../../api/resource/verbs.ts';
import { ComfyUIPod } from '../../models/generation/comfyui/pod.ts';
import { admin } from '../../rules.ts';
import { refuseWhileAtWork } from '../../services/generation/comfyui/remove-pod.ts';

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
