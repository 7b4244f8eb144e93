import { at, isRecord, list, number, reference, text } from './shape.ts';
import type { DeployedFunction, HttpRoute, QueueSource, Schedule, UploadRule } from './types.ts';

type Events = Pick<DeployedFunction, 'routes' | 'uploads' | 'queues' | 'schedules'>;

/** Sorts a function's events by what brings them; disabled and unknown ones are left out. */
export function readEvents(given: unknown, concurrency: number): Events {
  const events = list(given)
    .filter(isRecord)
    .flatMap((event) => Object.entries(event))
    .filter(([, event]) => at(event, 'enabled') !== false);
  const of = (kind: string) => events.filter(([name]) => name === kind).map(([, event]) => event);
  return {
    routes: of('httpApi').map(readRoute),
    uploads: of('s3').map(readUpload),
    queues: of('sqs').map((event) => readSource(event, concurrency)),
    schedules: of('schedule').flatMap(readSchedules),
  };
}

function readRoute(event: unknown): HttpRoute {
  const [first = '', second] = text(event).split(/\s+/);
  const method = text(at(event, 'method'), second ? first : 'ANY').toUpperCase();
  const path = text(at(event, 'path'), second ?? first);
  const isDefault = path === '*' || path === '$default';
  return isDefault
    ? { method: 'ANY', path: '$default' }
    : { method: method === '*' ? 'ANY' : method, path };
}

function readUpload(event: unknown): UploadRule {
  const rules = list(at(event, 'rules'));
  const end = (name: string) =>
    text(
      at(
        rules.find((rule) => at(rule, name)),
        name,
      ),
    );
  return {
    event: text(at(event, 'event'), 's3:ObjectCreated:*'),
    prefix: end('prefix'),
    suffix: end('suffix'),
  };
}

function readSource(event: unknown, concurrency: number): QueueSource {
  return {
    queue: reference(at(event, 'arn') ?? event),
    batchSize: number(at(event, 'batchSize'), 10),
    partial: at(event, 'functionResponseType') === 'ReportBatchItemFailures',
    // A laptop has few cores: what the cloud may run by the hundred runs by two here.
    concurrency: Math.min(number(at(event, 'maximumConcurrency'), concurrency), 2),
  };
}

function readSchedules(event: unknown): Schedule[] {
  const input = at(event, 'input');
  return list(at(event, 'rate') ?? event).map((rate) => ({ expression: text(rate), input }));
}
