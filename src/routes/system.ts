import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Route } from '../api/http/route.ts';
import { ping } from '../data/connection.ts';
import { checkBucket } from '../providers/s3.ts';

const open = { method: 'GET', tag: 'System', access: 'anyone', personal: false } as const;

const healthSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['status', 'checks'],
  properties: {
    status: { enum: ['ok', 'unavailable'] },
    checks: { type: 'object', additionalProperties: { enum: ['ok', 'unavailable'] } },
  },
};

/** Public routes: health, the OpenAPI document and the reference page. */
export const systemRoutes: Route[] = [
  {
    ...open,
    path: '/health',
    id: 'getHealth',
    summary: 'Check what the service reaches.',
    success: {
      200: { description: 'Everything can be reached.', schema: healthSchema },
      503: { description: 'Something cannot be reached.', schema: healthSchema },
    },
    handle: async (ctx) => {
      const checks = {
        database: await checkReachable(ping),
        storage: await checkReachable(checkBucket),
      };
      const isWell = Object.values(checks).every((c) => c === 'ok');
      if (!isWell) ctx.log.warn('Unhealthy.', { checks });
      const json = { status: isWell ? 'ok' : 'unavailable', checks };
      return { status: isWell ? 200 : 503, json, headers: { 'cache-control': 'no-store' } };
    },
  },
  {
    ...open,
    path: '/v1/openapi.json',
    id: 'getOpenApi',
    summary: 'This document.',
    success: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
    handle: async () => {
      const { default: json } = await import('../../openapi.json', { with: { type: 'json' } });
      return { status: 200, json, headers: { 'cache-control': 'public, max-age=300' } };
    },
  },
  {
    ...open,
    path: '/',
    id: 'getStart',
    summary: 'Leads to the reference page.',
    success: { 302: { description: 'To /docs.' } },
    handle: async () => ({ status: 302, headers: { location: '/docs' } }),
  },
  {
    ...open,
    path: '/docs',
    id: 'getDocs',
    summary: 'The API reference as a page.',
    success: { 200: { description: 'HTML.', contentType: 'text/html' } },
    handle: async () => ({
      status: 200,
      body: PAGE,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': PAGE_POLICY,
      },
    }),
  },
  assetRoute('/docs/reference.js', 'getDocsScript', 'text/javascript', () =>
    loadBundled('swagger-ui-bundle.js'),
  ),
  assetRoute('/docs/reference.css', 'getDocsStyle', 'text/css', () =>
    loadBundled('swagger-ui.css'),
  ),
  assetRoute('/docs/start.js', 'getDocsStart', 'text/javascript', async () => compress(START)),
];

// What `default-src` does not cover is named as well: who may frame the page, what may be its base,
// and where its forms may be sent.
const PAGE_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Mixdown API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/reference.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/reference.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

// A token stays in the memory of the page. `authorized` is where the page kept it in former versions.
const START = `localStorage.removeItem('authorized');
SwaggerUIBundle({
  url: '/v1/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'none',
  persistAuthorization: false,
});
`;

/** A file that the page loads. */
function assetRoute(
  path: string,
  id: string,
  contentType: string,
  content: () => Promise<string>,
): Route {
  return {
    ...open,
    path,
    id,
    summary: 'A part of the reference page.',
    success: { 200: { description: 'The file.', contentType } },
    handle: async () => ({
      status: 200,
      body: await content(),
      binary: true,
      headers: {
        'content-type': `${contentType}; charset=utf-8`,
        'content-encoding': 'br',
        'cache-control': 'public, max-age=86400',
      },
    }),
  };
}

const compressed = new Map<string, Promise<string>>();

/** A file of the bundled reference page, compressed by brotli, as base64; made once per process. */
function loadBundled(name: string): Promise<string> {
  let pressed = compressed.get(name);
  if (!pressed) {
    // In a Lambda package it lies beside the code; elsewhere it is a module.
    const root = process.env.LAMBDA_TASK_ROOT;
    const file = `swagger-ui-dist/${name}`;
    const path = root
      ? join(root, 'node_modules', file)
      : createRequire(import.meta.url).resolve(file);
    pressed = readFile(path).then(compress);
    compressed.set(name, pressed);
  }
  return pressed;
}

function compress(content: Buffer | string): string {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  return brotliCompressSync(content, { params }).toString('base64');
}

async function checkReachable(probe: () => Promise<unknown>): Promise<'ok' | 'unavailable'> {
  try {
    await probe();
    return 'ok';
  } catch {
    return 'unavailable'; // the answer says so
  }
}
