/** A filter whose values are already typed: made by rules, services and the query compiler, never by clients. */
export type TypedFilter = Record<string, unknown>;
