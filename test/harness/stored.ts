import { systemCtx } from '../../src/context.ts';
import { type Entity, entityNamed } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { confirmReferences } from '../../src/data/references.ts';
import type { Field, Shape } from '../../src/data/shape.ts';
import { insert } from '../../src/data/write.ts';
import type { Person } from './given.ts';
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
};

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
  if (shape.kind === 'id' && shape.ref) {
    return new UUID(await stored(entityNamed(shape.ref), person));
  }
  if (shape.kind === 'sealed') return requiredValue(shape.inner, person);
  // No two alike, for some must not be.
  const isText = shape.kind === 'string' && !shape.enum && !shape.match;
  const text = newId(Date.now()).toString().replaceAll('-', '');
  return isText && (shape.max ?? 255) >= text.length ? text : sampleOf(shape);
}
