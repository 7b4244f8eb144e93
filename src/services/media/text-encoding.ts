/** How bytes without a known encoding are read as text. */
export interface TextEncoding {
  /** As TextDecoder names it. */
  name: string;
  /** Whether nothing told: then the text may be wrong, and the bytes should be kept, too. */
  isUnknown: boolean;
}

const WESTERN = 'windows-1252';
/** Of Central Europe, Turkey and the Baltic states. */
const OTHER_LATIN = ['windows-1250', 'iso-8859-2', 'windows-1254', 'windows-1257'];
/** Encodings in use for tags, by the names of the detector in lower case; others are not believed. */
const LABELS: Record<string, string | undefined> = {
  ...{ cp932: 'shift_jis', shift_jis: 'shift_jis', sjis: 'shift_jis', 'euc-jp': 'euc-jp' },
  ...{ gb18030: 'gb18030', gbk: 'gb18030', gb2312: 'gb18030', big5: 'big5', 'big5-hkscs': 'big5' },
  ...{ cp949: 'euc-kr', 'euc-kr': 'euc-kr', 'koi8-r': 'koi8-r', 'koi8-u': 'koi8-u' },
  ...{ ibm866: 'ibm866', cp866: 'ibm866', cp1125: 'ibm866', 'windows-874': 'windows-874' },
  ...{ cp874: 'windows-874', 'tis-620': 'windows-874', 'iso-8859-11': 'windows-874' },
  ...{ 'iso-8859-1': WESTERN, 'iso8859-15': WESTERN, 'iso-8859-15': WESTERN },
  ...{ 'iso-8859-2': 'iso-8859-2', 'iso-8859-5': 'iso-8859-5', 'iso-8859-7': 'iso-8859-7' },
  ...{ 'iso-8859-8': 'iso-8859-8', 'iso-8859-9': 'windows-1254' },
  ...Object.fromEntries(
    Array.from({ length: 9 }, (_, n) => [`windows-125${n}`, `windows-125${n}`]),
  ),
};

/**
 * Detects the one encoding of texts that belong together, such as all of a tag: alone, most are too
 * short to tell.
 */
export async function detectEncoding(texts: readonly Buffer[]): Promise<TextEncoding> {
  const bytes = Buffer.concat(texts.flatMap((text) => [text, Buffer.from('\n')]));
  if (!bytes.some((byte) => byte >= 0x80)) return { name: WESTERN, isUnknown: false };
  if (decodeStrictly(bytes, 'utf-8') !== null) return { name: 'utf-8', isUnknown: false };
  // Its models are large, and most files need none of them.
  const { detectAll } = await import('jschardet');
  const found = detectAll(bytes).map(({ encoding, confidence }) => ({
    ...{ name: LABELS[encoding?.toLowerCase() ?? ''], confidence },
  }));
  const western = found.find(({ name }) => name === WESTERN)?.confidence ?? 0;
  for (const { name, confidence } of found) {
    // These differ from Western European in a few letters, and a name has but one or two of them.
    if (name && OTHER_LATIN.includes(name) && confidence < 2 * western) continue;
    const text = name && decodeStrictly(bytes, name);
    if (name && text && isPlausible(text)) return { name, isUnknown: false };
  }
  const isUnknown = !isPlausible(new TextDecoder(WESTERN).decode(bytes));
  return { name: WESTERN, isUnknown };
}

export function decodeText(bytes: Buffer, name: string): string {
  return new TextDecoder(name, { ignoreBOM: true }).decode(bytes);
}

function decodeStrictly(bytes: Buffer, name: string): string | null {
  try {
    return new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null; // not valid in this encoding
    throw error;
  }
}

const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Hebrew', 'Arabic', 'Thai', 'Hangul'] as const;
const EAST_ASIAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Whether this could be a text that people write: words of letters, each in one script. */
function isPlausible(text: string): boolean {
  const foreign = [...text].filter((character) => character > '\x7f');
  // Controls, private use, half-width katakana, box drawings: signs of a wrong encoding.
  if (/[\p{Co}\p{Cn}\x80-\x9f\ufffd\uff61-\uff9f\u2500-\u259f]/u.test(text)) return false;
  const letters = foreign.filter((character) =>
    /[\p{L}\p{M}\p{P}\p{Sc}\p{Zs}®©™°]/u.test(character),
  );
  if (letters.length < foreign.length * 0.7) return false;
  return text.split(/[^\p{L}\p{M}]+/u).every(isOneScript);
}

function isOneScript(word: string): boolean {
  // A name in capitals stands beside ideographs without a space, but no single letter among others.
  if (EAST_ASIAN.test(word)) {
    const isMixed = /\p{Script=Hangul}/u.test(word) && /\p{Script=Han}/u.test(word);
    return !isMixed && !/[a-z]/.test(word) && !/\p{Script=Cyrillic}/u.test(word);
  }
  return (
    SCRIPTS.filter((script) => new RegExp(`\\p{Script=${script}}`, 'u').test(word)).length <= 1
  );
}

/** The characters of Windows-1252 that are other bytes in Latin-1: € is 0x80. */
const WINDOWS_BYTES = new Map(
  Array.from({ length: 32 }, (_, n) => [
    new TextDecoder(WESTERN).decode(Uint8Array.of(0x80 + n)),
    0x80 + n,
  ]),
);

/**
 * Repairs UTF-8 that was read as Latin-1 or Windows-1252, perhaps by the program that wrote it:
 * `MÃ¼nchen`. Other text is hardly ever valid UTF-8 by chance.
 */
export function repairMisreadUtf8(text: string): string {
  const codes = [...text].map(
    (character) => WINDOWS_BYTES.get(character) ?? character.charCodeAt(0),
  );
  if (!codes.some((code) => code >= 0x80) || codes.some((code) => code > 0xff)) return text;
  return decodeStrictly(Buffer.from(codes), 'utf-8') ?? text;
}
