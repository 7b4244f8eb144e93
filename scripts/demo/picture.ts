// `FORCE_COLOR=1 npm run --silent demo | node scripts/demo/picture.ts > docs/demo.svg`: what the
// demo printed, as a picture.
import { text } from 'node:stream/consumers';

/** The size of a character, in px. */
const [WIDTH, HEIGHT] = [8.4, 19];
const MARGIN = 16;
const COLUMNS = 80;
const FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';
/** What the demo prints in colour, by the code that switches the colour on. */
const COLOURS: Record<number, string> = { 34: '#79a8ff', 35: '#d7a0ff', 36: '#56d4dd' };
const PLAIN = '#e6edf3';
/**
 * Blocks are drawn as rectangles, because fonts leave gaps between them. Eighths of a character:
 * from the bottom, or the top.
 */
const RISING = '▁▂▃▄▅▆▇█';
const UPPER_HALF = '▀';

/** An escape sequence that switches a style on or off. */
const STYLE = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`);

interface Run {
  text: string;
  column: number;
  colour: string;
  isBold: boolean;
  isDim: boolean;
}

const lines = ['$ npm run demo', ...(await text(process.stdin)).trimEnd().split('\n')];
const height = lines.length * HEIGHT + 2 * MARGIN;
const width = COLUMNS * WIDTH + 2 * MARGIN;
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${FONT}" font-size="14">`,
);
console.log('<title>What npm run demo prints</title>');
console.log(`<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`);
for (const [row, line] of lines.entries()) {
  for (const run of parseRuns(line)) console.log(drawRun(run, row));
}
console.log('</svg>');

/** The parts of a line that look alike, by its escape sequences. */
function parseRuns(line: string): Run[] {
  let style = { colour: PLAIN, isBold: false, isDim: false };
  let column = 0;
  // Every second part is the number of an escape sequence.
  return line.split(STYLE).flatMap((part, i) => {
    if (i % 2 === 0) {
      const run = { text: part, column, ...style };
      column += part.length;
      return part.trim() ? [run] : [];
    }
    const code = Number(part);
    if (code === 22) style = { ...style, isBold: false, isDim: false };
    else if (code === 1) style = { ...style, isBold: true };
    else if (code === 2) style = { ...style, isDim: true };
    else style = { ...style, colour: COLOURS[code] ?? PLAIN };
    return [];
  });
}

function drawRun(run: Run, row: number): string {
  const look = `fill="${run.colour}"${run.isDim ? ' opacity="0.6"' : ''}`;
  if (/[▀-█]/.test(run.text)) return `<path ${look} d="${drawBlocks(run, row)}"/>`;
  const indent = run.text.length - run.text.trimStart().length;
  const shown = run.text.trim();
  const x = MARGIN + (run.column + indent) * WIDTH;
  const y = MARGIN + (row + 0.75) * HEIGHT;
  const length = `textLength="${round(shown.length * WIDTH)}"`; // keeps columns whatever the font
  const weight = run.isBold ? ' font-weight="bold"' : '';
  return `<text x="${round(x)}" y="${round(y)}" ${length} ${look}${weight} xml:space="preserve">${escapeXml(shown)}</text>`;
}

/** A path of rectangles; neighbours of one height are one rectangle. */
function drawBlocks({ text, column }: Run, row: number): string {
  return [...text.matchAll(/([▀-█])\1*/g)]
    .map(({ 0: same, index }) => {
      const eighths = same.startsWith(UPPER_HALF) ? 4 : RISING.indexOf(same.charAt(0)) + 1;
      const tall = (eighths / 8) * HEIGHT;
      const top = same.startsWith(UPPER_HALF) ? 0 : HEIGHT - tall;
      const [x, y] = [MARGIN + (column + index) * WIDTH, MARGIN + row * HEIGHT + top];
      const wide = round(same.length * WIDTH);
      return `M${round(x)} ${round(y)}h${wide}v${round(tall)}h-${wide}z`;
    })
    .join('');
}

function round(number: number): number {
  return Number(number.toFixed(2));
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
