import type { Entity } from '../../src/data/entity.ts';
import type { Reference } from '../../src/data/references.ts';
import { listReferences } from './references.ts';
import type { Domain } from './registry.ts';

/**
 * Draws a domain in Mermaid: its entities with their ids, references, unique fields and status. An
 * entity without fields belongs to another domain.
 */
export function drawDiagram({ entities }: Domain): string {
  const lines = [
    ...entities.flatMap(drawBox),
    ...entities.flatMap((e) => listReferences(e).map(drawLine)),
  ];
  return ['```mermaid', 'erDiagram', ...lines.map((line) => `    ${line}`), '```'].join('\n');
}

function drawBox(entity: Entity): string[] {
  const fields = Object.entries(entity.shape.fields).flatMap(([name, { shape, hidden }]) => {
    if (hidden || name === '_id') return [];
    if (shape.kind === 'id' && shape.ref) return [`uuid ${name} FK`];
    if (isUnique(entity, name)) return [`${shape.kind} ${name} UK`];
    return name === 'status' || name === 'state' ? [`string ${name}`] : [];
  });
  return [`${entity.name} {`, ...['uuid id PK', ...fields].map((field) => `    ${field}`), '}'];
}

/**
 * Draws a reference: in `Project ||--o{ Track : "project (cascade)"` one project has any number of
 * tracks.
 */
function drawLine({ entity, path, to, onDelete, required, array }: Reference): string {
  const one = required && !array ? '||' : '|o';
  const many = array ? 'o{' : isUnique(entity, path) ? 'o|' : 'o{';
  return `${to} ${one}--${many} ${entity.name} : "${path} (${onDelete})"`;
}

function isUnique({ schema }: Entity, name: string): boolean {
  return schema.indexes().some(([key, o]) => o?.unique && Object.keys(key).join() === name);
}
