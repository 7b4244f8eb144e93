import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import mongoose from 'mongoose';
import type { Route } from '../api/route.ts';
import { connect } from '../data/connection.ts';
import { reach } from '../providers/s3.ts';

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

/** What is open to all: health, the OpenAPI document and the reference page. */
export const systemRoutes: Route[] = [
  {
    ...open,
    path: '/health',
    id: 'getHealth',
    summary: 'What the service reaches.',
    success: {
      200: { description: 'All is well.', schema: healthSchema },
      503: { description: 'Something cannot be reached.', schema: healthSchema },
    },
    handle: async (ctx) => {
      const checks = {
        database: await check(async () => {
          await connect();
          await mongoose.connection.db?.command({ ping: 1 });
        }),
        storage: await check(reach),
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
    path: '/docs',
    id: 'getDocs',
    summary: 'The API reference as a page.',
    success: { 200: { description: 'HTML.', contentType: 'text/html' } },
    handle: async () => ({
      status: 200,
      body: PAGE,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:",
      },
    }),
  },
  {
    ...open,
    path: '/docs/reference.js',
    id: 'getDocsScript',
    summary: 'The script of the reference page.',
    success: { 200: { description: 'JavaScript.', contentType: 'text/javascript' } },
    handle: async () => ({
      status: 200,
      body: await script(),
      binary: true,
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'content-encoding': 'br',
        'cache-control': 'public, max-age=86400',
      },
    }),
  },
];

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Mixdown API</title><meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<script id="api-reference" data-url="/v1/openapi.json" data-configuration='{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true}'></script>
<script src="/docs/reference.js"></script>
</body>
</html>
`;

let compressed: Promise<string> | undefined;

/** The bundled reference page of @scalar/api-reference, brotli, as base64: 3.6 MB would not pass a Lambda. */
function script(): Promise<string> {
  compressed ??= readFile(scriptPath()).then((js) =>
    brotliCompressSync(js, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).toString('base64'),
  );
  return compressed;
}

function scriptPath(): string {
  const file = '@scalar/api-reference/dist/browser/standalone.js';
  const root = process.env.LAMBDA_TASK_ROOT;
  if (root) return join(root, 'node_modules', file);
  const entry = createRequire(import.meta.url).resolve('@scalar/api-reference');
  return join(entry.slice(0, entry.indexOf('@scalar')), file);
}

async function check(probe: () => Promise<unknown>): Promise<'ok' | 'unavailable'> {
  try {
    await probe();
    return 'ok';
  } catch {
    return 'unavailable'; // which is the answer
  }
}
