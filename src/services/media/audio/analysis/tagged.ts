import type { Key } from './key.ts';
import type { Tempo } from './tempo.ts';

/** The name of the source of a result that a tag decided, followed by that of the measurement. */
export const TAG_SOURCE = 'tag';

/** How far a tag may be from the measured tempo to be the same; tags are often whole numbers. */
const TOLERANCE = 0.03;
/** A measured beat may be half, double or another simple part of what is felt as the beat. */
const RATIOS = [1, 2, 1 / 2, 3, 1 / 3, 3 / 2, 2 / 3];
/** A measurement below this is a guess, and a tag is better. */
const [SURE_OF_TEMPO, SURE_OF_KEY] = [0.2, 0.15];

/**
 * Weighs a tag against the measured tempo: where both agree but for the octave, or nothing sure was
 * measured, the tag decides; where they contradict each other, the measurement does.
 */
export function weighTempo(
  measured: Tempo,
  tag: number | undefined,
): Tempo & { isTagged: boolean } {
  const { bpm, bpmConfidence } = measured;
  if (tag === undefined) return { ...measured, isTagged: false };
  const agrees =
    bpm !== null && RATIOS.some((ratio) => Math.abs(bpm * ratio - tag) <= tag * TOLERANCE);
  const isGuess = bpm === null || (bpmConfidence ?? 0) < SURE_OF_TEMPO;
  if (!agrees && !isGuess) return { ...measured, isTagged: false };
  return {
    bpm: tag,
    bpmConfidence: agrees ? Math.max(bpmConfidence ?? 0, 0.9) : bpmConfidence,
    isTagged: true,
  };
}

/** The same for the key, of which the relative one (of the same notes) agrees. */
export function weighKey(measured: Key, tag: string | undefined): Key & { isTagged: boolean } {
  const told = tag === undefined ? null : parseKey(tag);
  if (!told) return { ...measured, isTagged: false };
  const { key, scale, keyConfidence } = measured;
  const agrees = key !== null && scale !== null && sharesNotes({ key, scale }, told);
  const isGuess = key === null || (keyConfidence ?? 0) < SURE_OF_KEY;
  if (!agrees && !isGuess) return { ...measured, isTagged: false };
  return {
    ...told,
    keyConfidence: agrees ? Math.max(keyConfidence ?? 0, 0.9) : keyConfidence,
    isTagged: true,
  };
}

interface KnownKey {
  key: string;
  scale: 'MAJOR' | 'MINOR';
}

const NOTES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];
/** Semitones from the first note of a minor scale to that of the major one of the same notes. */
const RELATIVE = 3;

function sharesNotes(a: KnownKey, b: KnownKey): boolean {
  const toMajor = ({ key, scale }: KnownKey) =>
    (NOTES.indexOf(key) + (scale === 'MINOR' ? RELATIVE : 0)) % 12;
  return toMajor(a) === toMajor(b);
}

/** Parses `Am`, `F# minor`, `Bbmaj`, `8A` (Camelot) and `1m` (Open Key); null for anything else. */
export function parseKey(text: string): KnownKey | null {
  const wheel = /^\s*(\d{1,2})\s*([ABdm])\s*$/i.exec(text);
  if (wheel) return parseWheel(Number(wheel[1]), (wheel[2] ?? '').toUpperCase());
  const named = /^\s*([A-G])\s*([#♯b♭]?)\s*[-_ ]?\s*(m|min|minor|moll|maj|major|dur)?\s*$/i.exec(
    text,
  );
  if (!named) return null;
  const [, letter = '', accidental = '', mode = ''] = named;
  const shift = /[#♯]/.test(accidental) ? 1 : /[b♭]/.test(accidental) ? 11 : 0;
  const note = (NOTES.indexOf(letter.toUpperCase()) + shift) % 12;
  // A capital M alone is major, a small one minor.
  const isMinor = mode === 'm' || /^(min|minor|moll)$/i.test(mode);
  return { key: NOTES[note] ?? 'C', scale: isMinor ? 'MINOR' : 'MAJOR' };
}

/** Both wheels go in fifths: 8B and 1d are C major, 8A and 1m A minor. */
function parseWheel(number: number, letter: string): KnownKey | null {
  if (number < 1 || number > 12) return null;
  const isCamelot = letter === 'A' || letter === 'B';
  const isMinor = letter === 'A' || letter === 'M';
  const fifths = isCamelot ? number - 8 : number - 1;
  const note = (((fifths * 7 + (isMinor ? 9 : 0)) % 12) + 12) % 12;
  return { key: NOTES[note] ?? 'C', scale: isMinor ? 'MINOR' : 'MAJOR' };
}
