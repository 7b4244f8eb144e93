// `warm-up.ts FILE [PATH]`, as a process of its own: runs the code of a packaged function, calls
// its routes at PATH, and writes what V8 has compiled by then as the code cache of this version of Node.
// After the calls, because V8 compiles a function when it is first called.
import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jwt from 'jsonwebtoken';
import mongoose from 'mongoose';
import { makeThrowawayKey } from '../docs/key.ts';
import { startEmptyDatabase } from './empty-database.ts';
import { compile, NO_CACHE, nameCache, run } from './script.ts';

type Handler = (event: unknown, context: object) => Promise<{ statusCode: number }>;

const ID = '00000000-0000-7000-8000-000000000000';
const [file = '', path] = process.argv.slice(2);
const isCached = process.env.CODE_CACHE_NODE !== NO_CACHE;
const jwk = makeThrowawayKey();
const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
const _id = new mongoose.mongo.UUID(ID);
const times = { createdAt: new Date(0), updatedAt: new Date(0), version: 1 };
const found = { _id, user: _id, ...times, owner: [{ isActive: true, isAdmin: true }] };
process.env = {
  ...{ STAGE: 'local', LOG_LEVEL: 'SILENT', MONGODB_URI: await startEmptyDatabase(found) },
  ...{ TOKEN_KEYS: JSON.stringify([jwk]), APP_SECRET: Buffer.alloc(32).toString('base64') },
  ...{ STRIPE_SECRET_KEY: 'sk_test_none', STRIPE_WEBHOOK_SECRET: 'whsec_none' },
  // Nothing listens there, so no request leaves this machine.
  ...{ MEDIA_BUCKET: 'none', KEY_BUCKET: 'none', S3_ENDPOINT: 'http://127.0.0.1:9' },
  STRIPE_API_BASE: 'http://127.0.0.1:9',
};
const script = compile(file);
const secrets = { secrets: {}, readSecrets: async () => ({}) }; // all in the environment
const { handler } = run(script, file, secrets) as { handler: Handler };
if (path) await callAll(path);
if (isCached) writeFileSync(nameCache(file), script.createCachedData());
// Chunks are loaded by `require`, which rejects modules with top-level await: better to find out
// now.
const chunks = file.replace(/main\.cjs$/, 'chunks');
const require = createRequire(file);
if (existsSync(chunks)) for (const chunk of readdirSync(chunks)) require(`${chunks}/${chunk}`);
process.exit(0);

/**
 * Sends a preflight request and each GET and POST.
 * @throws Error when the function's own code is not reached
 */
async function callAll(path: string): Promise<void> {
  await handler(makeEvent('OPTIONS', path), {});
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: object };
  for (const [one, operations] of Object.entries(paths)) {
    if (one !== path && !one.startsWith(`${path}/`)) continue;
    for (const method of ['GET', 'POST']) {
      if (!(method.toLowerCase() in operations)) continue;
      const { statusCode } = await handler(makeEvent(method, one.replace(/\{\w+\}/g, ID)), {});
      if ([401, 503].includes(statusCode))
        throw new Error(`${method} ${one} answered ${statusCode}`);
    }
  }
}

function makeEvent(method: string, rawPath: string): object {
  const token = jwt.sign({ sid: ID }, key, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'at+jwt', kid: 'throwaway' },
    ...{ issuer: 'mixdown', audience: 'mixdown-api', subject: ID, expiresIn: 60 },
  });
  return {
    rawPath,
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    requestContext: { http: { method, path: rawPath, sourceIp: '192.0.2.1' } },
    ...(method === 'POST' && { body: '{}' }),
  };
}
