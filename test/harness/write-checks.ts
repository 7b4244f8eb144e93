// Writes the API's OpenAPI document, and the checks of its answers compiled from it, into the folder that
// is named: once for all files of a run.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import '../../scripts/docs/settings.ts';
import type { JsonSchema } from '../../src/api/http/route.ts';

const { served } = await import('../../scripts/served.ts');
const { describeApi } = await import('../../src/api/openapi/openapi.ts');

interface Response {
  /** Refusals are described once, and named where they may come. */
  $ref?: string;
  content?: Record<string, { schema?: JsonSchema }>;
}

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { responses: Record<string, Response> };
}

const [folder = ''] = process.argv.slice(2);
const routes = Object.values(served).flatMap((s) => s.routes);
const document = describeApi(routes, '0') as unknown as Document; // what describeApi makes
await writeFile(join(folder, 'openapi.json'), JSON.stringify(document));
await writeFile(join(folder, 'checks.mjs'), checksOf(document));

/** A module that exports `problem`, the check of an error's body, and `operations`: see answers.ts. */
function checksOf({ paths, components }: Document): string {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    inlineRefs: false,
    code: { source: true, esm: true },
  });
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ajv.addSchema(document, 'api');
  // The name of each check, and where its schema stands in the document: what it refers to is found there.
  const checks = new Map<string, string>();
  const check = (...at: string[]) => {
    const pointer = `api#/${at.map((n) => encodeURIComponent(n.replaceAll('/', '~1'))).join('/')}`;
    if (!ajv.getSchema(pointer)) throw new Error(`The document has no ${pointer}.`);
    const name = [...checks].find(([, p]) => p === pointer)?.[0] ?? `check${checks.size}`;
    checks.set(name, pointer);
    return name;
  };

  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => {
      const answers = Object.entries(responses).map(([status, own]) => {
        const shared = own.$ref?.split('/').at(-1);
        const { content = {} } = shared ? (components.responses[shared] as Response) : own;
        const [type = '', ...others] = Object.keys(content);
        const at = shared
          ? ['components', 'responses', shared]
          : ['paths', path, method, 'responses', status];
        const isChecked = type.endsWith('json') && content[type]?.schema;
        const validate = isChecked && check(...at, 'content', type, 'schema');
        return `${status}: { type: '${type}', others: ${JSON.stringify(others)}, validate: ${validate || 'undefined'} }`;
      });
      return `{ method: '${method.toUpperCase()}', path: '${path}', answers: { ${answers.join(', ')} } },\n`;
    }),
  );
  const problem = check('components', 'schemas', 'Problem');
  return [
    // What the checks need of ajv at run time, they require.
    `import { createRequire } from 'node:module';`,
    `const require = createRequire(${JSON.stringify(import.meta.url)});`,
    standaloneCode.default(ajv, Object.fromEntries(checks)),
    `export const problem = ${problem};`,
    `export const operations = [\n${operations.join('')}];`,
  ].join('\n');
}
