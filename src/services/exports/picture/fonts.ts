/** A font that is shipped: its family, its file among the packages, and the scripts that it has. */
export interface Font {
  family: string;
  file: string;
  has: RegExp;
  /** How wide most of its characters are at most, as a share of the size that libass is told. */
  width: number;
}

/** Of fonts that are wider than others. */
const WIDTHS: Record<string, number> = { tamil: 1, malayalam: 1, sinhala: 0.9, ethiopic: 0.7 };

const fontsource = (family: string, script: string, has: RegExp): Font => {
  const name = family.toLowerCase().replaceAll(' ', '-');
  const file = `@fontsource/${name}/files/${name}-${script}-400-normal.woff`;
  return { family, file, has, width: WIDTHS[script] ?? 0.6 };
};

/** The font of what has no script of its own: punctuation, digits, and Latin, Greek and Cyrillic. */
export const LATIN: Font = {
  family: 'Noto Sans',
  file: '@embedpdf/fonts-latin/fonts/NotoSans-Regular.ttf',
  has: /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u,
  width: 0.45,
};
export const JAPANESE: Font = {
  family: 'Noto Sans Japanese Regular',
  file: '@embedpdf/fonts-jp/fonts/NotoSansJP-Regular.otf',
  has: /[\p{Script=Hiragana}\p{Script=Katakana}ー々〆]/u,
  width: 0.73,
};
export const CHINESE: Font = {
  family: 'Noto Sans S Chinese Regular',
  file: '@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf',
  has: /[\p{Script=Han}\p{Script=Bopomofo}\u3000-\u303f\uff00-\uffef]/u,
  width: 0.73,
};

/** Every font, in the order in which they are asked for a character. */
export const FONTS: readonly Font[] = [
  LATIN,
  {
    family: 'Noto Emoji',
    file: '@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf',
    has: /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}]/u,
    width: 1.09,
  },
  {
    family: 'Noto Naskh Arabic',
    file: '@embedpdf/fonts-arabic/fonts/NotoNaskhArabic-Regular.ttf',
    has: /\p{Script=Arabic}/u,
    width: 0.5,
  },
  {
    family: 'Noto Sans Hebrew',
    file: '@embedpdf/fonts-hebrew/fonts/NotoSansHebrew-Regular.ttf',
    has: /\p{Script=Hebrew}/u,
    width: 0.5,
  },
  {
    family: 'Noto Sans Korean Regular',
    file: '@embedpdf/fonts-kr/fonts/NotoSansKR-Regular.otf',
    has: /\p{Script=Hangul}/u,
    width: 0.68,
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
