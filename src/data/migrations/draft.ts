import { nameFor } from './literal.ts';

/** A migration that is to be written. */
export interface Draft {
  id: string;
  /** What it is called where it is exported: `addStyles`. */
  constant: string;
  message: string;
}

/** The draft that follows the given migrations. @throws Error when the message has no word in it */
export function draftOf(message: string, after: string[]): Draft {
  const words = message
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (words.length === 0) throw new Error('Say in a few words what it changes: -m "add styles".');
  const number = Math.max(0, ...after.map((id) => Number.parseInt(id, 10))) + 1;
  // Short enough for its import to stay on one line.
  const slug = words.join('-').slice(0, 36).replace(/-$/, '');
  const constant = nameFor(slug);
  return {
    id: `${String(number).padStart(4, '0')}-${slug}`,
    constant: /^\d/.test(constant) ? `migration${number}` : constant,
    message,
  };
}

/** The text of the list of migrations with one more. */
export function extendIndex(text: string, { id, constant }: Draft): string {
  const known = [...text.matchAll(/^import \{\s*(\w+),?\s*\} from '(\.\/.+)';$/gm)];
  if (known.some(([, name]) => name === constant)) {
    throw new Error(`There is a migration ${constant} already: say it in other words.`);
  }
  const imports = [...known.map(([line]) => line), `import { ${constant} } from './${id}.ts';`];
  const names = [...known.map(([, name]) => name), constant];
  return [
    "import type { Migration } from '../src/data/migrations/migration.ts';",
    ...imports,
    '',
    '/** Every migration, in order. */',
    `export const migrations: Migration[] = [${names.join(', ')}];`,
    '',
  ].join('\n');
}
