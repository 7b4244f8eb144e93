import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { JsonSchema } from '../../src/api/http/route.ts';

/** The API's OpenAPI document, as write-checks.ts made it for this run. */
export const openApiDocument: JsonSchema = JSON.parse(
  readFileSync(join(inject('contract'), 'openapi.json'), 'utf8'),
);
