/**
 * Matches error messages about the form of a request, which the OpenAPI document describes: a
 * request that the document allows is never rejected with one of these. The document does not
 * define which URIs are valid.
 */
export const SHAPE_FAULTS =
  /^(is required|is not allowed( to be empty)?|is not a known field|is set by the server|is given twice|is not a parameter|there is no (?!such )|must be (?!a valid uri)|must contain |must have 1 to |must only |length must |has characters or a form)/;
