import { type CodedColor, readCodedColor } from '../coded-color.ts';
import type { Item } from './items.ts';

/** The colours of a coded picture. */
export interface Color {
  /** The ICC profile of RGB colours; it goes before `coded`'s primaries and transfer function. */
  profile: Buffer | null;
  /** Numbers of ITU-T H.273, where the file declares them outside of the coded picture. */
  coded: Coded | null;
}

interface Coded {
  primaries: number;
  transfer: number;
  matrix: number;
  isFullRange: boolean;
}

const MOST_PROFILE_BYTES = 4 * 1024 * 1024;

/** Reads the colours that the first of these items declares which declares any. */
export function readColor(items: readonly (Item | undefined)[]): Color {
  const color: Color = { profile: null, coded: null };
  for (const item of items) {
    for (const { name, body } of item?.properties ?? []) {
      if (name !== 'colr') continue;
      const kind = body.toString('latin1', 0, 4);
      if (kind === 'nclx' && body.length >= 11) color.coded ??= readCoded(body);
      const isProfile = kind === 'prof' || kind === 'rICC';
      if (isProfile && isRgbProfile(body.subarray(4))) color.profile ??= body.subarray(4);
    }
  }
  return color;
}

function readCoded(body: Buffer): Coded {
  const [primaries, transfer, matrix] = [4, 6, 8].map((at) => body.readUInt16BE(at));
  return {
    ...{ primaries: primaries ?? 2, transfer: transfer ?? 2, matrix: matrix ?? 2 },
    isFullRange: (body[10] ?? 0) >> 7 === 1,
  };
}

function isRgbProfile(profile: Buffer): boolean {
  return (
    profile.length > 128 &&
    profile.length <= MOST_PROFILE_BYTES &&
    profile.toString('latin1', 16, 20) === 'RGB '
  );
}

/** Whether a picture has no colours, by the chroma format in its decoder's configuration. */
export function isMonochrome(config: Buffer): boolean {
  return ((config[16] ?? 0) & 3) === 0;
}

/** The names of ffmpeg for the matrices of ITU-T H.273 that pictures use. */
const MATRICES: Record<number, string | undefined> = {
  ...{ 0: 'gbr', 1: 'bt709', 5: 'bt470bg', 6: 'smpte170m', 9: 'bt2020nc' },
};

/** The colour that must be converted to sRGB; null for sRGB, and where a profile tells it. */
export function findConversion({ profile, coded }: Color): CodedColor | null {
  return profile || !coded ? null : readCodedColor(coded.primaries, coded.transfer);
}

/**
 * Builds the filters from the coded colours to RGB of 8 bits: in the colours of the profile, or in
 * sRGB, by the table that has been written under this name where a conversion is needed.
 */
export function buildColorFilter(color: Color, table: string): string {
  const { coded } = color;
  const matrix = MATRICES[coded?.matrix ?? 2];
  const declared = [
    ...(coded ? [`range=${coded.isFullRange ? 'full' : 'limited'}`] : []),
    ...(matrix ? [`colorspace=${matrix}`] : []),
  ];
  const named = declared.length > 0 ? `setparams=${declared.join(':')},` : '';
  const toRgb = `${named}scale=flags=bilinear+accurate_rnd+full_chroma_int`;
  if (!findConversion(color)) return `${toRgb},format=rgb24`;
  return `${toRgb},format=gbrp12le,lut3d=file=${table}:interp=tetrahedral,format=rgb24`;
}
