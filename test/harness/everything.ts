import { randomBytes } from 'node:crypto';
import { resources } from '../../scripts/served.ts';
import { systemCtx } from '../../src/context.ts';
import { type Entity, entities, entityNamed } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { findOne } from '../../src/data/read.ts';
import type { Field, ObjectShape, Shape } from '../../src/data/shape.ts';
import { update } from '../../src/data/write.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { buildFolder, buildOriginalKey } from '../../src/services/media/keys.ts';
import { given, type Person } from './given.ts';
import { sampleOf } from './sample.ts';
import { stored } from './stored.ts';
import { until } from './until.ts';

type Values = Record<string, unknown>;

/** Somebody who has one of everything, and the words by which it is told wherever it shows. */
export interface Everything {
  person: Person;
  /** The document of each entity, by its name. */
  ids: Record<string, string>;
  /** In every text that its owner may read. */
  shown: string;
  /** In every text that nobody may read. */
  hidden: string;
  /** In the texts of what has no owner: anybody's to read who may read it at all. */
  common: string;
}

/** Made with an account, or by what is done: found, not stored. */
const FOUND = ['CreditAccount', 'User', 'UserSettings', 'Session', 'AuditEvent'];
/** References that would go round in a circle; set at the end. */
const LATER = ['Project.coverImage'];
const BASE = ['_id', 'user', 'createdAt', 'updatedAt', 'version', 'outbox', 'removing'];

/** Gives somebody one document of every entity that an operation shows, every field of it filled. */
export async function everything(who?: Person): Promise<Everything> {
  const person = who ?? (await given.user());
  const word = () => randomBytes(7).toString('hex');
  const made: Everything = {
    person,
    ids: { User: person.id, CreditAccount: person.id },
    shown: `cy${word()}`,
    hidden: `hd${word()}`,
    common: `cm${word()}`,
  };
  const all = [...entities.values()].filter(isSomebodys);
  for (const { name } of all) made.ids[name] ??= newId(Date.now()).toString();
  const there = new Map<string, Promise<void>>();
  await Promise.all(all.map((entity) => store(made, entity, there, [])));
  await finish(made);
  return made;
}

/** Whether a user or an administrator has documents of this entity. */
function isSomebodys(entity: Entity): boolean {
  if (FOUND.includes(entity.name)) return false;
  return entity.options.owner !== 'none' || resources.some((r) => r.entity.name === entity.name);
}

/** Stores a document once, and before it what it refers to. */
function store(
  made: Everything,
  entity: Entity,
  there: Map<string, Promise<void>>,
  above: string[],
): Promise<void> {
  const { name } = entity;
  if (above.includes(name)) {
    throw new Error(`${[...above, name].join(' → ')} goes round: one of them goes into LATER.`);
  }
  const under = [...above, name];
  const work = async (parents: Promise<void>[]) => {
    await Promise.all(parents);
    const _id = new UUID(made.ids[name] as string);
    const values = filled(made, entity, entity.shape, '');
    await stored(entity, made.person, { ...values, ...particulars(made, entity, _id), _id });
  };
  let storing = there.get(name);
  if (!storing) {
    const parents = referred(entity, entity.shape, '');
    storing = work(parents.map((to) => store(made, entityNamed(to), there, under)));
    there.set(name, storing);
  }
  return storing;
}

/** The entities that a document refers to before it is made, itself aside. */
function referred(entity: Entity, shape: Shape, path: string): string[] {
  if (shape.kind === 'array') return referred(entity, shape.items, path);
  if (shape.kind === 'object') {
    return Object.entries(shape.fields).flatMap(([name, f]) =>
      referred(entity, f.shape, path ? `${path}.${name}` : name),
    );
  }
  if (shape.kind !== 'id' || !shape.ref || FOUND.includes(shape.ref)) return [];
  return isReferring(entity, shape.ref, path) ? [shape.ref] : [];
}

function isReferring(entity: Entity, to: string, path: string): boolean {
  const isCommon = entity.options.owner === 'none' && entityNamed(to).options.owner !== 'none';
  return to !== entity.name && !isCommon && !LATER.includes(`${entity.name}.${path}`);
}

/** Every field of an object with a value: its texts with the word of those who may read them. */
function filled(
  made: Everything,
  entity: Entity,
  shape: ObjectShape,
  at: string,
  isHidden = false,
): Values {
  const values = Object.entries(shape.fields)
    .filter(([name]) => at !== '' || !BASE.includes(name))
    .map(([name, field]) => [name, valueFor(made, entity, field, `${at}${name}`, isHidden)]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function valueFor(
  made: Everything,
  entity: Entity,
  { shape, hidden }: Pick<Field, 'shape' | 'hidden'>,
  path: string,
  isInHidden: boolean,
): unknown {
  const isHidden = hidden || isInHidden;
  const inner = (to: Shape, hides = false) =>
    valueFor(made, entity, { shape: to, hidden: hides }, path, isHidden);
  const own = entity.options.owner === 'none' ? made.common : made.shown;
  const word = isHidden ? made.hidden : own;
  switch (shape.kind) {
    case 'string':
      return shape.enum?.[0] ?? textOf(shape, word);
    case 'date':
      // What runs out has not yet.
      return /expires|until|after/i.test(path) ? new Date(Date.now() + 3_600_000) : new Date();
    case 'id': {
      const { ref } = shape;
      if (ref === 'User') return new UUID(made.person.id);
      if (!ref) return newId(Date.now());
      return isReferring(entity, ref, path) ? new UUID(made.ids[ref] as string) : undefined;
    }
    case 'free':
      return { any: word, inner: { list: [word] } };
    case 'array':
      return [inner(shape.items)];
    case 'map':
      return { key: inner(shape.values) };
    case 'encrypted':
      return inner(shape.inner, shape.shows !== undefined);
    case 'object':
      return filled(made, entity, shape, `${path}.`, isHidden);
    default:
      return sampleOf(shape);
  }
}

/** A text of this form with the word in it; where none can be, any that the form takes. */
function textOf(shape: Extract<Shape, { kind: 'string' }>, word: string): unknown {
  const forms = [word, `https://example.com/${word}`, `${word}@example.com`];
  const { match, min = 0, max = Number.POSITIVE_INFINITY } = shape;
  const fits = (text: string) =>
    (!match || match.test(text)) && text.length >= min && text.length <= max;
  return forms.find(fits) ?? sampleOf(shape);
}

/** What no shape tells of a document. */
function particulars(made: Everything, entity: Entity, id: UUID): Values {
  const document = new UUID(made.ids.Track as string);
  const user = new UUID(made.person.id);
  const graph = { 1: { class_type: 'KSampler', inputs: { text: made.shown } } };
  const known: Record<string, Values> = {
    // Ended, so that no worker takes it; without a price, so that it can be started anew.
    Job: {
      quote: undefined,
      type: 'process-track',
      status: 'FAILED',
      input: { entity: 'Track', document, etag: 'none' },
    },
    Track: { status: 'READY' },
    // Of an account that has none: the next one is its first.
    CreditsTransaction: { sequence: 1000 },
    TrashedMedium: {
      kind: 'IMAGE',
      content: {
        ...{ _id: id, user, name: made.shown, fileName: made.shown, contentType: 'image/png' },
        ...{
          size: 1,
          filePath: buildOriginalKey(entityNamed('Image'), user, id),
          status: 'FAILED',
        },
        ...{ progress: 0, createdAt: new Date(), updatedAt: new Date(), version: 1 },
      },
    },
    // Its track is counted when it is made.
    Project: { trackCount: 0 },
    ComfyUIWorkflowConfig: {
      graph,
      parameters: [{ name: 'text', type: 'STRING', path: '1.inputs.text' }],
      outputs: [{ node: '1', kind: 'IMAGE' }],
      isPublic: false,
      creditCost: 0,
    },
    ComfyUIWorkflowRevision: { graph, parameters: [], outputs: [] },
    LlmInteraction: { attachments: [{ image: new UUID(made.ids.Image as string) }] },
    RetentionPolicy: { entity: 'Track', enabled: false },
  };
  const hasObject = 'filePath' in entity.shape.fields && {
    filePath: buildOriginalKey(entity, user, id),
  };
  const derivatives = entity.shape.fields.derivatives && {
    derivatives: [{ name: 'waveform', contentType: 'application/json', status: 'READY', size: 1 }],
    derivativesPath: `${buildFolder(entity, user, id)}derivatives/1`,
  };
  return { ...hasObject, ...derivatives, ...known[entity.name] };
}

/** Fills what was made with the account, closes the circles, and has all of it told in the audit log. */
async function finish(made: Everything): Promise<void> {
  const ctx = systemCtx('test');
  const { ids, shown, person } = made;
  const user = new UUID(person.id);
  const idOf = (name: string) => new UUID(ids[name] as string);
  const image = idOf('Image');
  const profile = { displayName: shown, bio: shown, avatar: image };
  await update(ctx, entityNamed('User'), { _id: user }, { set: profile });
  const covered = { _id: idOf('Project') };
  await update(ctx, entityNamed('Project'), covered, { set: { coverImage: image } });
  const free = { any: shown };
  const settings = { preferences: free, application: free, personalization: free };
  await update(ctx, entityNamed('UserSettings'), { user }, { set: settings });
  await appendToChain(ctx);
  for (const name of ['UserSettings', 'Session', 'AuditEvent']) {
    ids[name] = await until(`somebody has a ${name}`, async () => {
      const found = await findOne(ctx, entityNamed(name), { user }, { projection: { _id: 1 } });
      return found?._id.toString();
    });
  }
}
