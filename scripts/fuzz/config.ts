import { type Document, entityOf, idsFor, operationsOf, referencesIn } from './document.ts';

/** How often an id is one that is there. */
const KNOWN = 0.7;

/** The configuration of schemathesis, generated from the document: nothing is named by hand. */
export function configOf(document: Document, ids: ReadonlyMap<string, string[]>): string {
  const known = [...ids].filter(([, values]) => values.length > 0);
  const named = new Set(known.map(([entity]) => entity));
  return [
    '[cache]',
    'enabled = false',
    '[checks.negative_data_rejection]',
    'expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 501]',
    // API Gateway itself answers TRACE, with 404, before any function of ours.
    '[phases.coverage]',
    'unexpected-methods = ["GET", "PUT", "POST", "DELETE", "PATCH"]',
    '[phases.stateful.generation]',
    `max-examples = ${operationsOf(document).length}`,
    '[dictionaries]',
    ...known.flatMap(([entity, values]) => [
      `${entity} = { values = ${JSON.stringify(idsFor('get', values))} }`,
      `${entity}-spare = { values = ${JSON.stringify(idsFor('delete', values))} }`,
    ]),
    ...operationsOf(document).flatMap((placed) => {
      const { operationId, responses } = placed.operation;
      const entity = entityOf(document, placed.path);
      const taken = [
        ...(entity ? [['path.id', entity] as const] : []),
        ...referencesIn(placed).map((r) => [`body.${r.field}`, r.entity] as const),
      ].filter(([, to]) => named.has(to));
      const isDelete = placed.method === 'delete';
      const [spare, probability] = isDelete ? ['-spare', 1] : ['', KNOWN];
      const settings = [
        // A 501 that is documented is no fault.
        ...(responses['501']
          ? ['checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]']
          : []),
        ...taken.map(
          ([at, to]) =>
            `parameters."${at}" = { dictionary = "${to}${spare}", probability = ${probability} }`,
        ),
        // Ids that other answers have shown are what other operations work with.
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
