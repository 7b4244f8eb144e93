import { cpSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FONTS } from '../../src/services/exports/picture/fonts.ts';

const LAYER = 'layers/fonts';

/**
 * Makes the folder of the layer with the fonts that exports write with, each with its licence.
 * @returns a sentence that says what is in it
 */
export function makeFontsLayer(): string {
  rmSync(LAYER, { recursive: true, force: true });
  for (const { file } of FONTS) {
    const target = join(LAYER, 'fonts', file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join('node_modules', file), target, { dereference: true });
    const name = file.split('/').slice(0, 2).join('/');
    for (const licence of globSync(`node_modules/${name}/LICENSE*`)) {
      cpSync(licence, licence.replace('node_modules', join(LAYER, 'fonts')), { dereference: true });
    }
  }
  return `The fonts layer holds ${FONTS.length} fonts, ${Math.round(measureFolder(LAYER) / 1e6)} MB.`;
}

/** The bytes of all files in a folder. */
export function measureFolder(folder: string): number {
  return globSync(`${folder}/**`)
    .map((path) => statSync(path))
    .filter((found) => found.isFile())
    .reduce((total, { size }) => total + size, 0);
}
