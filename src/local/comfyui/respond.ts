import type { Happening } from './faults.ts';
import type { Host } from './host.ts';
import { HOSTILE_OUTPUTS } from './hostile-outputs.ts';
import { findRoute, type Match } from './routes/find.ts';

/**
 * Answers a request, with the faults that happen to it.
 * @returns `undefined` where the connection is to be cut instead
 */
export async function respond(host: Host, request: Request): Promise<Response | undefined> {
  if (host.settings.clock.now() < host.awayUntil) return undefined;
  const url = new URL(request.url);
  if (isForeignOrigin(request)) return new Response(null, { status: 403 });
  const match = findRoute(host, request.method, url.pathname);
  if (!match) return new Response('404: Not Found', { status: 404 });
  if (Number(request.headers.get('content-length')) > host.settings.maxUpload) {
    const text = `Maximum request body size ${host.settings.maxUpload} exceeded, actual body size ${request.headers.get('content-length')}`;
    return new Response(text, { status: 413 });
  }
  const faults = host.faults.take(match.place);
  const before = await disturbRequest(host, faults);
  if (before !== 'GO ON') return before;
  const { life } = host;
  const hostile = faults.map(({ name }) => HOSTILE_OUTPUTS[name]).find(Boolean);
  const copy = has(faults, 'repeat-request') ? request.clone() : undefined;
  if (copy) await carryOut(host, copy, url, match);
  const answered = hostile ? hostile() : await carryOut(host, request, url, match);
  if (has(faults, 'lose-answer') || (life.isOver && match.place !== 'submit')) return undefined;
  return has(faults, 'cut-answer') ? cutAnswer(answered) : answered;
}

async function carryOut(host: Host, request: Request, url: URL, match: Match): Promise<Response> {
  try {
    return await match.handle({ host, request, url, name: match.name });
  } catch {
    // As aiohttp answers whatever a handler throws: a body that is no JSON, a number that is none.
    return new Response('500 Internal Server Error\n\nServer got itself in trouble', {
      status: 500,
    });
  }
}

const PAGE = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';
const html = { 'Content-Type': 'text/html' };

async function disturbRequest(
  host: Host,
  faults: Happening[],
): Promise<Response | undefined | 'GO ON'> {
  for (const { name, seconds } of faults) {
    if (name === 'delay') await host.settings.clock.sleep(seconds * 1000);
    if (name === 'lose-request') return undefined;
    if (name === 'too-many') {
      return new Response('Too Many Requests', {
        status: 429,
        headers: { 'Retry-After': String(seconds) },
      });
    }
    if (name === 'too-large') return new Response('Request Entity Too Large', { status: 413 });
    if (name === 'forbidden') return new Response('Forbidden', { status: 403 });
    if (name === 'server-error') return new Response('500 Internal Server Error', { status: 500 });
    if (name === 'bad-gateway') return new Response(PAGE, { status: 502, headers: html });
    if (name === 'unavailable') return new Response('Service Unavailable', { status: 503 });
    if (name === 'login-page') {
      return new Response('<html><form action="/login"></form></html>', { headers: html });
    }
  }
  return 'GO ON';
}

function has(faults: Happening[], name: Happening['name']): boolean {
  return faults.some((fault) => fault.name === name);
}

// The length is announced, and half of the bytes are sent.
async function cutAnswer(answered: Response): Promise<Response | undefined> {
  const bytes = new Uint8Array(await answered.arrayBuffer());
  if (bytes.length === 0) return undefined;
  const half = bytes.slice(0, Math.floor(bytes.length / 2));
  let isSent = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // What was sent is to arrive before the connection breaks.
      if (isSent) await new Promise((resolve) => setTimeout(resolve, 20));
      if (isSent || half.length === 0) return controller.error(new TypeError('terminated'));
      isSent = true;
      controller.enqueue(half);
    },
  });
  const headers = new Headers(answered.headers);
  headers.set('Content-Length', String(bytes.length));
  return new Response(body, { status: answered.status, headers });
}

// A page on another origin must not reach a server on this machine (server.py, `origin_only_middleware`).
function isForeignOrigin(request: Request): boolean {
  const [origin, host] = [request.headers.get('origin'), request.headers.get('host')];
  if (!origin || !host || !URL.canParse(origin)) return false;
  return new URL(origin).host !== host && /^(localhost|127\.|\[::1\])/.test(host);
}
