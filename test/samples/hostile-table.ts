import { formatTable as markdown } from '../../scripts/docs/markdown.ts';

/** What became of one hostile file, sent as one kind of medium. */
export interface HostileEnd {
  name: string;
  kind: string;
  /** The code of its refusal, or READY. */
  end: string;
  milliseconds: number;
  /** The most memory while it was there, in MB: of the worker, and of the program that it started. */
  own: number;
  program: number;
}

const GROUPS: [string, string[]][] = [
  ['Images', ['images']],
  ['Videos', ['videos']],
  ['Sound, sent as a track and as an audio', ['tracks', 'audios']],
];

/** What became of each, as Markdown. */
export function hostileTable(ends: HostileEnd[]): string {
  const head = [
    '# Hostile media',
    '',
    'Written by `npm run test:hostile`, which sends each of these files, one after the other, through upload,',
    'S3’s event and worker of all that `npm start` runs, while a listener waits for anything that calls out.',
    'A code: it is FAILED, and says so. READY: it is taken, and all that is shown of it is encoded anew.',
    '',
    'No file called out, left a program or a temporary file behind, or kept the next good one from being',
    'READY within 5 s.',
    '',
  ];
  return `${head.join('\n')}\n${GROUPS.map(([title, kinds]) => group(title, kinds, ends)).join('\n')}`;
}

function group(title: string, kinds: string[], ends: HostileEnd[]): string {
  const mine = ends.filter(({ kind }) => kinds.includes(kind));
  const rows = [...Map.groupBy(mine, ({ name }) => name)].map(([name, some]) => [
    name,
    ...kinds.map((as) => said(some.find(({ kind }) => kind === as)?.end)),
  ]);
  const header = ['file', ...(kinds.length > 1 ? kinds.map((kind) => `in ${kind}`) : ['end'])];
  return `## ${title}\n\n${rows.length} files. ${worst(mine)}\n\n${markdown(header, rows)}\n`;
}

function worst(ends: HostileEnd[]): string {
  const most = (of: (end: HostileEnd) => number) => Math.max(...ends.map(of));
  const seconds = (most((end) => end.milliseconds) / 1000).toFixed(1);
  const [own, program] = [most((end) => end.own).toFixed(0), most((end) => end.program).toFixed(0)];
  const memory = `the worker took at most ${own} MB${program === '0' ? '' : `, ffmpeg ${program} MB`}`;
  return `The slowest ended after ${seconds} s; ${memory}.`;
}

const said = (end = '') => (end === 'READY' ? 'READY, encoded anew' : end);
