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

/** The names of ffmpeg for the numbers of ITU-T H.273 that pictures use. */
const PRIMARIES: Record<number, string | undefined> = {
  ...{ 1: 'bt709', 5: 'bt470bg', 6: 'smpte170m', 9: 'bt2020', 11: 'smpte431', 12: 'smpte432' },
};
const TRANSFERS: Record<number, string | undefined> = {
  ...{ 1: 'bt709', 4: 'bt470m', 5: 'bt470bg', 6: 'smpte170m', 8: 'linear', 13: 'iec61966-2-1' },
  ...{ 14: 'bt2020-10', 15: 'bt2020-12', 16: 'smpte2084', 18: 'arib-std-b67' },
};
const MATRICES: Record<number, string | undefined> = {
  ...{ 0: 'gbr', 1: 'bt709', 5: 'bt470bg', 6: 'smpte170m', 9: 'bt2020nc' },
};
const HDR = [16, 18];

/** What the colours are called in the facts of an image. */
export function nameColorSpace({ profile, coded }: Color): string | null {
  if (profile || !coded) return null;
  const name = { 9: 'rec2020', 11: 'dci-p3', 12: 'display-p3' }[coded.primaries];
  return name ?? null;
}

/** What must be converted, beyond the matrix: colours outside of sRGB, or a high dynamic range. */
export function findConversion({ profile, coded }: Color): 'gamut' | 'range' | null {
  if (profile || !coded) return null;
  if (HDR.includes(coded.transfer)) return 'range';
  return coded.primaries >= 9 ? 'gamut' : null;
}

/**
 * Builds the filters from the coded colours to RGB of 8 bits: in the colours of the profile, or in
 * sRGB when there is none.
 */
export function buildColorFilter({ profile, coded }: Color): string {
  const primaries = PRIMARIES[coded?.primaries ?? 2];
  const transfer = TRANSFERS[coded?.transfer ?? 2];
  const matrix = MATRICES[coded?.matrix ?? 2];
  const declared = [
    ...(coded ? [`range=${coded.isFullRange ? 'full' : 'limited'}`] : []),
    ...(primaries ? [`color_primaries=${primaries}`] : []),
    ...(transfer ? [`color_trc=${transfer}`] : []),
    ...(matrix ? [`colorspace=${matrix}`] : []),
  ];
  const named = declared.length > 0 ? `setparams=${declared.join(':')},` : '';
  const conversion = findConversion({ profile, coded });
  if (!conversion || !primaries || !matrix) {
    return `${named}scale=flags=bilinear+accurate_rnd+full_chroma_int,format=rgb24`;
  }
  const toSrgb = 'zscale=p=bt709:t=iec61966-2-1:m=gbr:r=full,format=gbrp,format=rgb24';
  if (conversion === 'gamut') return `${named}${toSrgb}`;
  return [
    `${named}zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709`,
    `tonemap=tonemap=hable:desat=0,${toSrgb}`,
  ].join(',');
}
