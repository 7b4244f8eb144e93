import {
  chooseIds,
  type Document,
  findEntity,
  findReferences,
  listOperations,
} from './document.ts';

/** The share of ids that exist. */
const KNOWN = 0.7;

/** Generates the configuration of schemathesis from the OpenAPI document. */
export function makeConfig(document: Document, ids: ReadonlyMap<string, string[]>): string {
  const known = [...ids].filter(([, values]) => values.length > 0);
  const named = new Set(known.map(([entity]) => entity));
  return [
    '[cache]',
    'enabled = false',
    '[checks.negative_data_rejection]',
    'expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 501]',
    // TRACE is left out: API Gateway itself answers it with 404, before any of our functions.
    '[phases.coverage]',
    'unexpected-methods = ["GET", "PUT", "POST", "DELETE", "PATCH"]',
    '[phases.stateful.generation]',
    `max-examples = ${listOperations(document).length}`,
    '[dictionaries]',
    ...known.flatMap(([entity, values]) => [
      `${entity} = { values = ${JSON.stringify(chooseIds('get', values))} }`,
      `${entity}-spare = { values = ${JSON.stringify(chooseIds('delete', values))} }`,
    ]),
    ...listOperations(document).flatMap((placed) => {
      const { operationId, responses } = placed.operation;
      const entity = findEntity(document, placed.path);
      const taken = [
        ...(entity ? [['path.id', entity] as const] : []),
        ...findReferences(placed).map((r) => [`body.${r.field}`, r.entity] as const),
      ].filter(([, to]) => named.has(to));
      const isDelete = placed.method === 'delete';
      const [spare, probability] = isDelete ? ['-spare', 1] : ['', KNOWN];
      const settings = [
        // A documented 501 is not a failure.
        ...(responses['501']
          ? ['checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]']
          : []),
        ...taken.map(
          ([at, to]) =>
            `parameters."${at}" = { dictionary = "${to}${spare}", probability = ${probability} }`,
        ),
        // A delete must not take ids from responses, because other operations work with those.
        ...(isDelete
          ? ['coverage', 'fuzzing'].map((p) => `phases.${p}.extra-data-sources.responses = false`)
          : []),
      ];
      return settings.length > 0
        ? ['[[operations]]', `include-operation-id = "${operationId}"`, ...settings]
        : [];
    }),
    '',
  ].join('\n');
}
