/** A request's target, cut at the question mark and otherwise as it was sent. */
export type Target = { path: string; query: string };

/** Cuts a request's target in two. */
export function readTarget(url: string): Target {
  // The absolute form, which proxies send, names the host again.
  const local = url.startsWith('/') ? url : url.replace(/^\w+:\/\/[^/?]*/, '') || '/';
  const mark = local.indexOf('?');
  if (mark < 0) return { path: local, query: '' };
  return { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
