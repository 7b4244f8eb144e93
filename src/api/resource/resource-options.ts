import type { Rule } from '../../rules.ts';
import type { JsonSchema, Route } from '../http/route.ts';

/** What an entity's resource is made of, beyond what its shape says. */
export interface ResourceOptions {
  path: string;
  /**
   * Who may do what; a verb that is left out is not offered (405). One that does more than its name says is left
   * out here, too: its route is made by hand, among the actions.
   */
  can: { create?: Rule; read: Rule; update?: Rule; remove?: Rule };
  /** The relations that `?include=` may name. */
  include?: string[];
  /** Own routes beside the verbs: `POST /v1/projects/{id}/archive`. */
  actions?: Route[];
  /** A body of POST that would do, where none can be made of the shape alone. */
  example?: JsonSchema;
  tag?: string;
}
