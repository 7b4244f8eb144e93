import type { Rule } from '../../rules.ts';
import type { JsonSchema, Route } from '../http/route.ts';

/** What a resource is made of, beside its entity. */
export interface ResourceOptions {
  path: string;
  /**
   * Who may do what. A verb that is left out is not offered (405), unless there is a route of its
   * own for it among the actions.
   */
  can: { create?: Rule; read: Rule; update?: Rule; remove?: Rule };
  /** The relations that `?include=` may name. */
  include?: string[];
  /** Further routes: `POST /v1/projects/{id}/archive`. */
  actions?: Route[];
  /** A valid body of POST, where none can be derived from its schema. */
  example?: JsonSchema;
  tag?: string;
}
