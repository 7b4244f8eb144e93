/**
 * A filter whose values have the stored types: made by rules, services and the query compiler,
 * never by clients.
 */
export type TypedFilter = Record<string, unknown>;
