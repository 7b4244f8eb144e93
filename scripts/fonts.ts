// Writes which characters the fonts of exports have, for those who ask before the fonts are at hand:
// src/services/exports/picture/font-coverage.ts. To be run when a font is added or replaced.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FONTS } from '../src/services/exports/picture/fonts.ts';
import { encodeCoverage, readCharacters } from './fonts/read-characters.ts';

const target = '../src/services/exports/picture/font-coverage.ts';
const entries = FONTS.map(({ family, file }) => {
  const path = fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url));
  const line = `  '${family}': '${encodeCoverage(readCharacters(path))}',`;
  return line.length <= 100 ? line : line.replace(': ', ':\n    ');
});
const text = [
  ...['// Written by `npm run fonts`.', ''],
  '/** For each font, a bit for each code point that it has a glyph for: deflated, in base64. */',
  'export const FONT_COVERAGE: Readonly<Record<string, string>> = {',
  ...[...entries, '};', ''],
].join('\n');
writeFileSync(new URL(target, import.meta.url), text);
