import { type Entity, entities } from '../../data/entity.ts';
import { getKind } from '../../models/media/media-fields.ts';

/** A kind of event that webhooks tell of. */
export interface EventType {
  /** `track.ready` */
  name: string;
  /** Of the shape of its body: a change that a receiver could stumble over gets the next number. */
  version: number;
  /** What `data` is; none: `data` has the id of the endpoint alone. */
  entity?: Entity;
  about: string;
}

/** What POST …/test sends, and nothing else does. */
export const TEST_EVENT = 'webhook.test';

/** The version of the bodies of all events, until one of them has to change alone. */
const VERSION = 1;

let listed: EventType[] | undefined;

/**
 * Every type of event, in the order of their names. It follows from the models: an entity with the option
 * `events` is told of when it is made, changed and deleted, and by each status that it can come to.
 */
export function listEventTypes(): EventType[] {
  listed ??= [...entities.values()]
    .flatMap(listOf)
    .concat({ name: TEST_EVENT, version: VERSION, about: 'Somebody asked for a test.' })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return listed;
}

/** What an endpoint may name in `events`: each type, all of a kind of document (`track.*`), and all (`*`). */
export function listEventFilters(): string[] {
  const names = listEventTypes()
    .map(({ name }) => name)
    .filter((name) => name !== TEST_EVENT);
  const kinds = new Set(names.map((name) => `${name.split('.')[0]}.*`));
  return ['*', ...kinds, ...names];
}

/** Whether one of these filters lets an event through. */
export function isWanted(filters: string[], name: string): boolean {
  const [kind] = name.split('.');
  return filters.some((filter) => filter === '*' || filter === name || filter === `${kind}.*`);
}

/** The version of a type of event, which its body tells. */
export function versionOf(name: string): number {
  return listEventTypes().find((type) => type.name === name)?.version ?? VERSION;
}

function listOf(entity: Entity): EventType[] {
  const { events } = entity.options;
  if (!events) return [];
  const kind = entity.name.toLowerCase();
  return Object.entries(listNames(entity)).map(([name, about]) => ({
    ...{ name: `${kind}.${name}`, version: VERSION, about },
    entity,
  }));
}

function listNames(entity: Entity): Record<string, string> {
  const { events } = entity.options;
  if (typeof events === 'object') {
    return Object.fromEntries(events.map((name) => [name, `It was ${name}.`]));
  }
  const { status } = entity.shape.fields;
  const statuses = events === 'BY_STATUS' && status?.shape.kind === 'string' && status.shape.enum;
  // Making a medium is told by the answer of the request, and by nothing else.
  const isMedium = getKind(entity) !== undefined;
  return {
    ...(!isMedium && { created: 'It was made.' }),
    updated: 'Something else of it has changed.',
    deleted: 'It is gone: `data` has its id alone.',
    ...(isMedium && { restored: 'It was taken back out of the trash.' }),
    ...Object.fromEntries(
      (statuses || [])
        .filter((name) => !(isMedium && name === 'AWAITING_UPLOAD'))
        .map((name) => [name.toLowerCase(), `Its status has become ${name}.`]),
    ),
  };
}
