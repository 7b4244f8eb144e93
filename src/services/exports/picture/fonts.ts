/** A font that is shipped: its family, its file among the packages, and the scripts that it has. */
interface Font {
  family: string;
  file: string;
  has: RegExp;
}

const fontsource = (family: string, script: string, has: RegExp): Font => {
  const name = family.toLowerCase().replaceAll(' ', '-');
  return { family, file: `@fontsource/${name}/files/${name}-${script}-400-normal.woff`, has };
};

/** The font of what has no script of its own: punctuation, digits, and Latin, Greek and Cyrillic. */
const LATIN: Font = {
  family: 'Noto Sans',
  file: '@embedpdf/fonts-latin/fonts/NotoSans-Regular.ttf',
  has: /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u,
};
const JAPANESE: Font = {
  family: 'Noto Sans Japanese Regular',
  file: '@embedpdf/fonts-jp/fonts/NotoSansJP-Regular.otf',
  has: /[\p{Script=Hiragana}\p{Script=Katakana}ー々〆]/u,
};
const CHINESE: Font = {
  family: 'Noto Sans S Chinese Regular',
  file: '@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf',
  has: /[\p{Script=Han}\p{Script=Bopomofo}\u3000-\u303f\uff00-\uffef]/u,
};

/** Every font, in the order in which they are asked for a character. */
export const FONTS: readonly Font[] = [
  LATIN,
  {
    family: 'Noto Emoji',
    file: '@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf',
    has: /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}]/u,
  },
  {
    family: 'Noto Naskh Arabic',
    file: '@embedpdf/fonts-arabic/fonts/NotoNaskhArabic-Regular.ttf',
    has: /\p{Script=Arabic}/u,
  },
  {
    family: 'Noto Sans Hebrew',
    file: '@embedpdf/fonts-hebrew/fonts/NotoSansHebrew-Regular.ttf',
    has: /\p{Script=Hebrew}/u,
  },
  {
    family: 'Noto Sans Korean Regular',
    file: '@embedpdf/fonts-kr/fonts/NotoSansKR-Regular.otf',
    has: /\p{Script=Hangul}/u,
  },
  fontsource('Noto Sans Devanagari', 'devanagari', /\p{Script=Devanagari}/u),
  fontsource('Noto Sans Bengali', 'bengali', /\p{Script=Bengali}/u),
  fontsource('Noto Sans Gurmukhi', 'gurmukhi', /\p{Script=Gurmukhi}/u),
  fontsource('Noto Sans Gujarati', 'gujarati', /\p{Script=Gujarati}/u),
  fontsource('Noto Sans Tamil', 'tamil', /\p{Script=Tamil}/u),
  fontsource('Noto Sans Telugu', 'telugu', /\p{Script=Telugu}/u),
  fontsource('Noto Sans Kannada', 'kannada', /\p{Script=Kannada}/u),
  fontsource('Noto Sans Malayalam', 'malayalam', /\p{Script=Malayalam}/u),
  fontsource('Noto Sans Sinhala', 'sinhala', /\p{Script=Sinhala}/u),
  fontsource('Noto Sans Thai', 'thai', /\p{Script=Thai}/u),
  fontsource('Noto Sans Lao', 'lao', /\p{Script=Lao}/u),
  fontsource('Noto Sans Khmer', 'khmer', /\p{Script=Khmer}/u),
  fontsource('Noto Sans Myanmar', 'myanmar', /\p{Script=Myanmar}/u),
  fontsource('Noto Sans Armenian', 'armenian', /\p{Script=Armenian}/u),
  fontsource('Noto Sans Georgian', 'georgian', /\p{Script=Georgian}/u),
  fontsource('Noto Sans Ethiopic', 'ethiopic', /\p{Script=Ethiopic}/u),
  JAPANESE,
  CHINESE,
];

/** A piece of text that one font has. */
export interface FontRun {
  font: Font;
  text: string;
}

/**
 * Divides a text among the fonts. What belongs to no script, such as a space or an accent, stays with what is
 * before it. Chinese characters are Japanese ones in a text with kana.
 */
export function divideByFont(text: string, isJapanese: boolean): FontRun[] {
  const runs: FontRun[] = [];
  for (const character of text) {
    const last = runs.at(-1);
    const found = findFont(character, isJapanese) ?? last?.font ?? LATIN;
    if (last?.font === found) last.text += character;
    else runs.push({ font: found, text: character });
  }
  return runs;
}

const ASCII = /^[\x21-\x7e]$/;

function findFont(character: string, isJapanese: boolean): Font | undefined {
  if (ASCII.test(character)) return LATIN;
  const found = FONTS.find(({ has }) => has.test(character));
  return found === CHINESE && isJapanese ? JAPANESE : found;
}

/** Whether a text is Japanese. */
export const isJapaneseText = (text: string): boolean => JAPANESE.has.test(text);
