import type { Entity } from '../../src/data/entity.ts';
import type { Reference } from '../../src/data/references.ts';
import { ownReferences } from './references.ts';
import type { Domain } from './registry.ts';

/**
 * A domain in Mermaid: its entities with what identifies and moves them, and whom they refer to. What
 * stands empty is of another domain.
 */
export function diagramOf({ entities }: Domain): string {
  const lines = [
    ...entities.flatMap(boxOf),
    ...entities.flatMap((e) => ownReferences(e).map(lineOf)),
  ];
  return ['```mermaid', 'erDiagram', ...lines.map((line) => `    ${line}`), '```'].join('\n');
}

function boxOf(entity: Entity): string[] {
  const fields = Object.entries(entity.shape.fields).flatMap(([name, { shape, hidden }]) => {
    if (hidden || name === '_id') return [];
    if (shape.kind === 'id' && shape.ref) return [`uuid ${name} FK`];
    if (isUnique(entity, name)) return [`${shape.kind} ${name} UK`];
    return name === 'status' || name === 'state' ? [`string ${name}`] : [];
  });
  return [`${entity.name} {`, ...['uuid id PK', ...fields].map((field) => `    ${field}`), '}'];
}

/** `Project ||--o{ Track : "project (cascade)"`: one of the left has any number of the right. */
function lineOf({ entity, path, to, onDelete, required, array }: Reference): string {
  const one = required && !array ? '||' : '|o';
  const many = array ? 'o{' : isUnique(entity, path) ? 'o|' : 'o{';
  return `${to} ${one}--${many} ${entity.name} : "${path} (${onDelete})"`;
}

function isUnique({ schema }: Entity, name: string): boolean {
  return schema.indexes().some(([key, o]) => o?.unique && Object.keys(key).join() === name);
}
