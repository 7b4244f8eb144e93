/** The id of the migration that follows the given ones. @throws Error when the message has no word in it */
export function makeId(message: string, before: string[]): string {
  const slug = message
    .toLowerCase()
    .match(/[a-z0-9]+/g)
    ?.join('-');
  if (!slug) throw new Error('Say in a few words what it changes: -m "add styles".');
  const number = Math.max(0, ...before.map((id) => Number.parseInt(id, 10))) + 1;
  return `${String(number).padStart(4, '0')}-${slug.slice(0, 40).replace(/-$/, '')}`;
}

/** The text of the list of migrations. Not yet formatted. */
export function printIndex(ids: string[]): string {
  const names = ids.map((id) => `m${id.replace(/-(.)/g, (_dash, next) => next.toUpperCase())}`);
  return [
    "import type { Migration } from '../src/data/migrations/migration.ts';",
    ...ids.map((id, n) => `import { migration as ${names[n]} } from './${id}.ts';`),
    '',
    '/** Every migration, in order. */',
    `export const migrations: Migration[] = [${names.join(', ')}];`,
    '',
  ].join('\n');
}
