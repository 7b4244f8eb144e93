import type { Base, Entity } from '../../data/entity.ts';
import type { Route } from '../http/route.ts';
import { documentRoutes } from './document-routes.ts';
import type { ResourceOptions } from './resource-options.ts';

export interface Resource<T extends Base = Base> {
  entity: Entity<T>;
  options: ResourceOptions;
  routes: Route[];
}

/** Makes an entity an HTTP resource, with the routes of its verbs and its own. */
export function resource<T extends Base>(entity: Entity<T>, options: ResourceOptions): Resource<T> {
  return {
    entity,
    options,
    routes: [...documentRoutes(entity, options), ...(options.actions ?? [])],
  };
}
