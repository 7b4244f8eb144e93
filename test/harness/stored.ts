import { systemCtx } from '../../src/context.ts';
import { type Base, type Entity, entityNamed } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { confirmReferences, referencesOf } from '../../src/data/references.ts';
import type { Field, Shape } from '../../src/data/shape.ts';
import { insert } from '../../src/data/write.ts';
import { openAccount } from '../../src/services/billing/accounts.ts';
import type { Doc, Person } from './given.ts';
import { sampleOf } from './sample.ts';

type Values = Record<string, unknown>;

/** What no shape tells of a document: rules across fields, names that must be known. */
const PARTICULARS: Record<string, Values> = {
  ComfyUIWorkflowConfig: {
    graph: { 1: { class_type: 'KSampler', inputs: { seed: 1 } } },
    parameters: [],
    outputs: [],
  },
  RetentionPolicy: { entity: 'Track' },
  // No worker takes it.
  Job: { runAfter: new Date(Date.now() + 3_600_000) },
};

/**
 * Makes documents of a resource that no operation makes: with all that it may refer to, and `values`,
 * as they are read.
 */
export function storedAt<T extends Base>(
  { entity, options: { path } }: { entity: Entity<T>; options: { path: string } },
  values: Values = {},
): (person: Person) => Promise<Doc> {
  const held = referencesOf(entity as Entity).filter(
    ({ path: name, to }) => !name.includes('.') && name !== 'user' && to !== entity.name,
  );
  return async (person) => {
    const referred = await Promise.all(
      held
        .filter(({ path: name }) => !(name in values))
        .map(async (r) => [r.path, new UUID(await stored(entityNamed(r.to), person))]),
    );
    const id = await stored(entity as Entity, person, {
      ...Object.fromEntries(referred),
      ...values,
    });
    const { status, body, text } = await person.get<Doc>(`${path}/${id}`);
    if (status !== 200) throw new Error(`It is not to be read: ${status} ${text}`);
    return body;
  };
}

/** The list of what belongs to one document, at `<parent's path>/<id>/<name>`: each person has one such. */
export function childrenAt<P extends Base, C extends Base>(
  { entity: parent, options }: { entity: Entity<P>; options: { path: string } },
  name: string,
  child: Entity<C>,
  field: string,
) {
  const parents = new Map<string, Promise<string>>();
  const parentOf = (person: Person) => {
    const found = parents.get(person.id) ?? stored(parent as Entity, person);
    parents.set(person.id, found);
    return found;
  };
  const path = async (person: Person) => `${options.path}/${await parentOf(person)}/${name}`;
  const make = async (person: Person) => {
    const values = { [field]: new UUID(await parentOf(person)) };
    const id = await stored(child as Entity, person, values);
    const { body } = await person.get<{ data: Doc[] }>(`${await path(person)}?limit=100`);
    return body.data.find((d) => d.id === id) as Doc;
  };
  return { entity: child as Entity, path, make, rule: { user: true, [field]: true } };
}

/**
 * Stores a document that no operation makes, as a service would: what is required, and `values`; with
 * what it must refer to, all of one owner. Returns its id.
 */
export async function stored(entity: Entity, person: Person, values: Values = {}): Promise<string> {
  const document: Values = { ...PARTICULARS[entity.name], ...values };
  for (const [name, field] of Object.entries(entity.shape.fields)) {
    if (name === 'user') document.user = new UUID(person.id);
    else if (isMade(name, field) && !(name in document)) {
      document[name] = await requiredValue(field.shape, person);
    }
  }
  const ctx = systemCtx('test');
  const made = await insert(ctx, entity, document);
  await confirmReferences(ctx, entity, made);
  return made._id.toString();
}

function isMade(name: string, field: Field): boolean {
  return (
    field.required &&
    !field.hasDefault &&
    !['_id', 'createdAt', 'updatedAt', 'version'].includes(name)
  );
}

async function requiredValue(shape: Shape, person: Person): Promise<unknown> {
  if (shape.kind === 'id' && shape.ref === 'CreditAccount') {
    const account = new UUID(person.id);
    await openAccount(systemCtx('test'), account);
    return account;
  }
  if (shape.kind === 'id' && shape.ref) {
    return new UUID(await stored(entityNamed(shape.ref), person));
  }
  // It may be when the database takes it away.
  if (shape.kind === 'date') return new Date(Date.now() + 3_600_000);
  if (shape.kind === 'encrypted') return requiredValue(shape.inner, person);
  // No two alike, for some must not be.
  const isText = shape.kind === 'string' && !shape.enum && !shape.match;
  const text = newId(Date.now()).toString().replaceAll('-', '');
  return isText && (shape.max ?? 255) >= text.length ? text : sampleOf(shape);
}
