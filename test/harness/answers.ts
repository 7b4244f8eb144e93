import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../src/api/route.ts';

interface Given {
  status: number;
  contentType: string;
  body: unknown;
}

interface Response {
  /** Refusals are described once, and named where they may come. */
  $ref?: string;
  content?: Record<string, { schema?: JsonSchema }>;
}

type Check = (method: string, path: string, given: Given) => void;

let ready: Promise<Check> | undefined;

/**
 * Holds an answer to the OpenAPI document: its status is declared for the operation, and its body is of
 * the declared schema. Every call of the tests passes here. @throws Error saying what is not as documented
 */
export async function checkAnswer(method: string, path: string, given: Given): Promise<void> {
  ready ??= prepare();
  (await ready)(method, path, given);
}

// Imported late: the functions read the environment that place.ts sets first.
async function prepare(): Promise<Check> {
  const { served } = await import('../../src/api/registry.ts');
  const { openApi } = await import('../../src/api/openapi.ts');
  const { router } = await import('../../src/api/route.ts');
  const routes = Object.values(served).flatMap((s) => s.routes);
  const find = router(routes);
  const document = openApi(routes, '0') as {
    paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
    components: { schemas: Record<string, JsonSchema>; responses: Record<string, Response> };
  };
  const { schemas, responses } = document.components;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const isProblem = ajv.compile(schemas.Problem as JsonSchema);
  const validators = new Map<string, ValidateFunction>();

  return (method, path, { status, contentType, body }) => {
    if (method === 'HEAD') return;
    const bad = (why: string) => new Error(`${method} ${path} answered ${status}: ${why}`);
    const hold = (validate: ValidateFunction) => {
      if (!validate(body))
        throw bad(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
    };
    if (contentType === 'application/problem+json') hold(isProblem);
    const found = find(method, path.split('?')[0] as string);
    if (!found || !('route' in found)) return;
    const { route } = found;
    const said = document.paths[route.path]?.[route.method.toLowerCase()]?.responses[status];
    const declared = said?.$ref ? responses[said.$ref.split('/').at(-1) as string] : said;
    if (!declared) throw bad(`a status that is not documented (${JSON.stringify(body)})`);
    const [type = '', media] = Object.entries(declared.content ?? {})[0] ?? [];
    if (contentType !== type) throw bad(`${contentType || 'no type'} instead of ${type || 'none'}`);
    if (!/json$/.test(type) || !media?.schema) return;
    const key = `${route.id} ${status}`;
    let validate = validators.get(key);
    if (!validate) {
      validate = ajv.compile({ ...media.schema, components: { schemas } });
      validators.set(key, validate);
    }
    hold(validate);
  };
}
