import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../src/api/http/route.ts';

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
  const { served } = await import('../../scripts/served.ts');
  const { describeApi } = await import('../../src/api/openapi/openapi.ts');
  const { createRouter } = await import('../../src/api/http/route.ts');
  const routes = Object.values(served).flatMap((s) => s.routes);
  const find = createRouter(routes);
  const document = describeApi(routes, '0') as {
    paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
    components: { responses: Record<string, Response> };
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ajv.addSchema(document, 'api');
  // Where a schema stands in the document, so that what it refers to is found there.
  const at = (...names: string[]) => {
    const pointer = names.map((n) => encodeURIComponent(n.replaceAll('/', '~1'))).join('/');
    const validate = ajv.getSchema(`api#/${pointer}`);
    if (!validate) throw new Error(`The document has no ${pointer}.`);
    return validate;
  };

  return (method, path, { status, contentType, body }) => {
    if (method === 'HEAD') return;
    const bad = (why: string) => new Error(`${method} ${path} answered ${status}: ${why}`);
    const hold = (validate: ValidateFunction) => {
      if (!validate(body))
        throw bad(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
    };
    if (contentType === 'application/problem+json') hold(at('components', 'schemas', 'Problem'));
    const found = find(method, path.split('?')[0] as string);
    if (!found || !('route' in found)) return;
    const { route } = found;
    const verb = route.method.toLowerCase();
    const own = document.paths[route.path]?.[verb]?.responses[status];
    if (!own) throw bad(`a status that is not documented (${JSON.stringify(body)})`);
    const shared = own.$ref?.split('/').at(-1);
    const declared = shared ? document.components.responses[shared] : own;
    const [type = ''] = Object.keys(declared?.content ?? {});
    if (contentType !== type) throw bad(`${contentType || 'no type'} instead of ${type || 'none'}`);
    if (!type.endsWith('json') || !declared?.content?.[type]?.schema) return;
    const answer = shared
      ? ['components', 'responses', shared]
      : ['paths', route.path, verb, 'responses', `${status}`];
    hold(at(...answer, 'content', type, 'schema'));
  };
}
