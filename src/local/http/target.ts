/** The path and the query string of a request, as they were sent. */
export type Target = { path: string; query: string };

/** Splits the target of a request at the question mark. */
export function readTarget(url: string): Target {
  // Proxies send the absolute form, which includes the host.
  const local = url.startsWith('/') ? url : url.replace(/^\w+:\/\/[^/?]*/, '') || '/';
  const mark = local.indexOf('?');
  if (mark < 0) return { path: local, query: '' };
  return { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
