import type Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { Base } from '../../data/entity.ts';
import type { Keep } from '../../data/remove.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Rule } from '../../rules.ts';
import type { JsonSchema, Parameter, Route } from '../http/route.ts';
import type { Json } from '../json/document.ts';
import type { Described } from '../openapi/schemas.ts';

type Values = Record<string, unknown>;
type Query = ReadonlyMap<string, string>;

/** What an entity's resource is made of, beyond what its shape says. */
export interface ResourceOptions<T extends Base> {
  path: string;
  /** Who may do what; a verb that is left out is not offered (405). */
  can: { create?: Rule; read: Rule; update?: Rule; remove?: Rule };
  /** The relations that `?include=` may name. */
  include?: string[];
  /** Own routes beside the verbs: `POST /v1/projects/{id}/archive`. */
  actions?: Route[];
  /** Makes the body of POST, where it is more than the shape says. */
  createBody?: () => Joi.ObjectSchema;
  /** A body of POST that would do, where none can be made of the shape alone. */
  example?: JsonSchema;
  /** Adds what the server owns to a new document's values, or refuses them. */
  prepare?: (ctx: Ctx, values: Values, query: Query) => Promise<Values> | Values;
  /** What the answer of a create has beside the document. */
  present?: (ctx: Ctx, document: T, query: Query) => Promise<Json>;
  /** The schemas of what `present` may add, by name. */
  presents?: Record<string, JsonSchema | Described>;
  /** What POST takes in its query. */
  createQuery?: Parameter[];
  /** What POST may answer beside the errors of every create. */
  createCodes?: ErrorCode[];
  /** How its documents go that may come back, where DELETE does not delete them for good. */
  keep?: Keep<T>;
  tag?: string;
}
