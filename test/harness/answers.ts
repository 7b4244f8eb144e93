import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../src/api/route.ts';

interface Given {
  status: number;
  contentType: string;
  body: unknown;
}

interface Response {
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
  const resolved = (response: Response | undefined): Response | undefined => {
    const name = response?.$ref?.split('/').at(-1);
    return name ? document.components.responses[name] : response;
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ajv.addSchema({ ...document, $id: 'openapi' });
  const compiled = (schema: JsonSchema) =>
    ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')),
    );
  const isProblem = compiled({ $ref: '#/components/schemas/Problem' });
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
    const { responses } = document.paths[route.path]?.[route.method.toLowerCase()] ?? {};
    const declared = resolved(responses?.[status]);
    if (!declared) throw bad(`a status that is not documented (${JSON.stringify(body)})`);
    const [type = '', media] = Object.entries(declared.content ?? {})[0] ?? [];
    if (contentType !== type) throw bad(`${contentType || 'no type'} instead of ${type || 'none'}`);
    if (!/json$/.test(type) || !media?.schema) return;
    const key = `${route.id} ${status}`;
    let validate = validators.get(key);
    if (!validate) {
      validate = compiled(media.schema);
      validators.set(key, validate);
    }
    hold(validate);
  };
}
