// `warm-up.ts FILE [PATH]`: runs a packaged function's code, calls what it serves at PATH, and writes what V8 has compiled
// by then as its code cache: after the calls, as what was not run yet is not compiled yet. A process of its own.
import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jwt from 'jsonwebtoken';
import mongoose from 'mongoose';
import { throwawayKey } from '../docs/key.ts';
import { emptyDatabase } from './empty-database.ts';
import { compile, run } from './script.ts';

type Handler = (event: unknown, context: object) => Promise<{ statusCode: number }>;

const ID = '00000000-0000-7000-8000-000000000000';
const [file = '', path] = process.argv.slice(2);
const jwk = throwawayKey();
const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
const _id = new mongoose.mongo.UUID(ID);
const times = { createdAt: new Date(0), updatedAt: new Date(0), version: 1 };
const found = { _id, user: _id, ...times, owner: [{ isActive: true, isAdmin: true }] };
process.env = {
  ...{ STAGE: 'local', LOG_LEVEL: 'SILENT', MONGODB_URI: await emptyDatabase(found) },
  ...{ TOKEN_KEYS: JSON.stringify([jwk]), APP_SECRET: Buffer.alloc(32).toString('base64') },
  // Nobody listens there: nothing leaves this machine.
  ...{ MEDIA_BUCKET: 'none', S3_ENDPOINT: 'http://127.0.0.1:9' },
};
const script = compile(file);
const { handler } = run(script, file, {}) as { handler: Handler };
if (path) await callAll(path);
writeFileSync(`${file}.cache`, script.createCachedData());
// What is read when first used is read by `require`, which takes no module that awaits: better known now.
const chunks = file.replace(/main\.cjs$/, 'chunks');
const require = createRequire(file);
if (existsSync(chunks)) for (const chunk of readdirSync(chunks)) require(`${chunks}/${chunk}`);
process.exit(0);

/** A preflight, and what is read there. @throws Error when the function does not come to its own answer */
async function callAll(path: string): Promise<void> {
  await handler(event('OPTIONS', path), {});
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: object };
  for (const [one, operations] of Object.entries(paths)) {
    if (one !== path && !one.startsWith(`${path}/`)) continue;
    for (const method of ['GET', 'POST']) {
      if (!(method.toLowerCase() in operations)) continue;
      const { statusCode } = await handler(event(method, one.replace(/\{\w+\}/g, ID)), {});
      if ([401, 503].includes(statusCode))
        throw new Error(`${method} ${one} answered ${statusCode}`);
    }
  }
}

function event(method: string, rawPath: string): object {
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
