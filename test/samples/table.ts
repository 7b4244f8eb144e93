import { extname } from 'node:path';
import { formatTable as markdown } from '../../scripts/docs/markdown.ts';
import type { MediaKind, Track } from '../harness/given.ts';
import type { OrdinaryFile } from './ordinary.ts';

/** What became of one file: each fact, and whether another reader finds the same; each derivative. */
export interface Row {
  file: OrdinaryFile;
  found: Track;
  facts: Record<string, boolean>;
  derivatives: Record<string, boolean>;
}

const TITLES: [string, MediaKind[]][] = [
  ['Videos', ['videos']],
  ['Tracks and audios', ['tracks', 'audios']],
  ['Images', ['images']],
];

/** Formats × facts × derivatives, as Markdown. */
export function table(rows: Row[]): string {
  const encoders = new Set(rows.flatMap(({ file }) => file.encoders));
  const head = [
    '# Media formats',
    '',
    'Written by `npm run test:formats`, which sends each of these files through upload, S3’s event and worker.',
    '✓: the fact is what another reader finds (`ffmpeg -i` and a full decode; `sharp` for images), the',
    'derivative is there. A blank: this file has no such thing.',
    '',
    `${rows.length} files, ${encoders.size} encoders.`,
    '',
  ];
  const parts = TITLES.map(([title, kinds]) => {
    const mine = rows.filter(({ file }) => kinds.includes(file.kind));
    return `## ${title}\n\n${grid(mine)}\n`;
  });
  return `${head.join('\n')}\n${parts.join('\n')}`;
}

function grid(rows: Row[]): string {
  const facts = names(rows.map((row) => row.facts));
  const derivatives = names(rows.map((row) => row.derivatives));
  const header = ['file', 'encoders', ...facts, ...derivatives.map((name) => `*${name}*`)];
  const lines = rows.map((row) => [
    `${extname(row.file.name).slice(1).toUpperCase()}: ${row.file.name}`,
    row.file.encoders.join(' + '),
    ...facts.map((name) => tick(row.facts[name])),
    ...derivatives.map((name) => tick(row.derivatives[name])),
  ]);
  return markdown(header, lines);
}

const names = (all: Record<string, boolean>[]) => [
  ...new Set(all.flatMap((one) => Object.keys(one))),
];
const tick = (is: boolean | undefined) => (is === undefined ? '' : is ? '✓' : '✗');
