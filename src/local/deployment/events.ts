import { isRecord, pickAt, readList, readNumber, readReference, readText } from './shape.ts';
import type { DeployedFunction, HttpRoute, QueueSource, Schedule, UploadRule } from './types.ts';

type Events = Pick<DeployedFunction, 'routes' | 'uploads' | 'queues' | 'schedules'>;

/** Groups the events of a function by their type; disabled and unknown ones are left out. */
export function readEvents(given: unknown, concurrency: number): Events {
  const events = readList(given)
    .filter(isRecord)
    .flatMap((event) => Object.entries(event))
    .filter(([, event]) => pickAt(event, 'enabled') !== false);
  const of = (kind: string) => events.filter(([name]) => name === kind).map(([, event]) => event);
  return {
    routes: of('httpApi').map(readRoute),
    uploads: of('s3').map(readUpload),
    queues: of('sqs').map((event) => readSource(event, concurrency)),
    schedules: of('schedule').flatMap(readSchedules),
  };
}

function readRoute(event: unknown): HttpRoute {
  const [first = '', second] = readText(event).split(/\s+/);
  const method = readText(pickAt(event, 'method'), second ? first : 'ANY').toUpperCase();
  const path = readText(pickAt(event, 'path'), second ?? first);
  const isDefault = path === '*' || path === '$default';
  return isDefault
    ? { method: 'ANY', path: '$default' }
    : { method: method === '*' ? 'ANY' : method, path };
}

function readUpload(event: unknown): UploadRule {
  const rules = readList(pickAt(event, 'rules'));
  const end = (name: string) =>
    readText(
      pickAt(
        rules.find((rule) => pickAt(rule, name)),
        name,
      ),
    );
  return {
    event: readText(pickAt(event, 'event'), 's3:ObjectCreated:*'),
    prefix: end('prefix'),
    suffix: end('suffix'),
  };
}

function readSource(event: unknown, concurrency: number): QueueSource {
  return {
    queue: readReference(pickAt(event, 'arn') ?? event),
    batchSize: readNumber(pickAt(event, 'batchSize'), 10),
    partial: pickAt(event, 'functionResponseType') === 'ReportBatchItemFailures',
    // A laptop has few cores: at most two at once, however many AWS may run.
    concurrency: Math.min(readNumber(pickAt(event, 'maximumConcurrency'), concurrency), 2),
  };
}

function readSchedules(event: unknown): Schedule[] {
  const input = pickAt(event, 'input');
  return readList(pickAt(event, 'rate') ?? event).map((rate) => ({
    expression: readText(rate),
    input,
  }));
}
