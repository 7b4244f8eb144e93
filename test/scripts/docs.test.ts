import '../../scripts/docs/settings.ts';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { countParts } from '../../scripts/docs/data-model.ts';
import { generateDocuments } from '../../scripts/docs/generated.ts';
import { makeEntityTable } from '../../scripts/docs/print-table.ts';
import { readDomains } from '../../scripts/docs/registry.ts';
import { findTests } from '../../scripts/docs/tests.ts';
import { entities, entityNamed } from '../../src/data/entity.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const domains = readDomains(root);
const model = readFileSync(`${root}docs/data-model.md`, 'utf8');

test.each(Object.entries(await generateDocuments(root)))(
  '%s is what the code says now',
  (name, text) => {
    expect(readFileSync(root + name, 'utf8') === text, 'run "npm run docs"').toBe(true);
  },
);

test('docs/data-model.md tells of every entity and of each of its fields', () => {
  for (const { name, shape } of entities.values()) {
    const section = model.split(`\n### ${name}\n`)[1]?.split('\n### ')[0] ?? '';
    const fields = [...section.matchAll(/^\| `(\w+)` \| .* \| (yes)? \| (server|client)/gm)];
    expect(`${fields.length}`, name).toBe(countParts(entityNamed(name))[0]);
    expect(Object.keys(shape.fields).length, name).toBeGreaterThan(fields.length);
  }
});

test('every link into the data model leads to a heading', () => {
  const headings = [...model.matchAll(/^#+ (.+)$/gm)].map(([, h = '']) => anchorOf(h));
  const links = [...model.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor as string);
  expect(links.length).toBeGreaterThan(100);
  expect([...new Set(links)].filter((anchor) => !headings.includes(anchor))).toEqual([]);
});

// The lines of Mermaid's grammar for an erDiagram that are used here.
const NAME = '[A-Za-z]\\w*';
const GRAMMAR = [
  new RegExp(`^    ${NAME} \\{$`),
  new RegExp(`^        [a-z]+ ${NAME}( (PK|FK|UK))?$`),
  /^ {4}\}$/,
  new RegExp(
    `^    ${NAME} (\\|o|\\|\\|)--o(\\{|\\|) ${NAME} : "[\\w.]+ \\((cascade|restrict|unset|keep)\\)"$`,
  ),
];

test('each domain has one diagram, in Mermaid, with its entities and their references', () => {
  const diagrams = [...model.matchAll(/```mermaid\n([\s\S]*?)\n```/g)].map(
    ([, text]) => text ?? '',
  );
  expect(diagrams).toHaveLength(domains.length);
  for (const [i, { name, entities }] of domains.entries()) {
    const [first, ...lines] = (diagrams[i] as string).split('\n');
    expect(first, name).toBe('erDiagram');
    expect(lines.filter((line) => !GRAMMAR.some((form) => form.test(line)))).toEqual([]);
    const boxes = lines.filter((line) => line.endsWith('{') && !line.includes(':'));
    expect(boxes.map((line) => line.trim().split(' ')[0])).toEqual(entities.map((e) => e.name));
    const references = entities.reduce((sum, e) => sum + Number(countParts(e)[1]), 0);
    expect(
      lines.filter((line) => line.includes(' : ')),
      name,
    ).toHaveLength(references);
  }
});

test('a test counts for an entity by its own file, by its path and by its name', () => {
  const own = { name: 'a song is heard', file: 'test/media/tracks.test.ts' };
  const contract = { name: '/v1/tracks keeps the contract: > x', file: 'test/all.test.ts' };
  const database = { name: 'the database refuses a bad Track > x', file: 'test/registry.test.ts' };
  const others = [
    { name: '/v1/tracks-of-others', file: 'test/x.test.ts' },
    { name: 'a bad Tracker', file: 'test/x.test.ts' },
  ];
  const found = findTests(entityNamed('Track'), [own, contract, database, ...others]);
  expect(found).toEqual([own, contract, database]);
  const printed = makeEntityTable(domains, [own, contract, database, ...others]).split('\n');
  expect(printed.find((line) => /\bTrack\b/.test(line))).toMatch(/\/v1\/tracks .* 3$/);
  expect(printed).toHaveLength(entities.size + 2);
});

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
