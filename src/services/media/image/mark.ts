import type { Sharp } from 'sharp';
import { buildXmp, isGeneratedTerm } from '../metadata/source-type.ts';

/**
 * What is put on copies of an image: where the image says that it was generated, that; of anything else nothing.
 * @param term IPTC's, as the file has it
 */
export function chooseMark(term: string | undefined): (sharp: Sharp) => Sharp {
  return isGeneratedTerm(term) ? (sharp) => sharp.withXmp(buildXmp(term)) : (sharp) => sharp;
}
