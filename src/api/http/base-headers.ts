/** The headers of every answer, streams and errors included. */
export const BASE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};
