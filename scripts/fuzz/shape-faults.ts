/**
 * The messages of faults in the shape of a request: what the OpenAPI document has told. A request that
 * it allows is never refused with one of these.
 */
export const SHAPE_FAULTS =
  /^(is required|is not allowed( to be empty)?|is not a known field|is set by the server|is given twice|is not a parameter|there is no (?!such )|must be |must contain |must have |must only |length must |has characters or a form)/;
