import sharp, { type Sharp } from 'sharp';

/** Pictures of one size: three bytes a pixel, red, green and blue. */
export interface Picture {
  width: number;
  height: number;
  frames: Buffer[];
}

// sharp's own limit is 0x3FFF × 0x3FFF pixels; a stand-in on a laptop needs less.
const MAX_PIXELS = 64_000_000;

/** Decodes the bytes of a picture, upright. */
export async function decodePicture(bytes: Buffer): Promise<Picture> {
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS })
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, frames: [data] };
}

/** Opens a frame for further work. */
export function openFrame({ width, height, frames }: Picture, frame = 0) {
  return sharp(frames[frame] as Buffer, { raw: { width, height, channels: 3 } });
}

/** Makes each frame of a picture into another one. */
export async function mapFrames(
  picture: Picture,
  change: (frame: Sharp) => Sharp,
): Promise<Picture> {
  const made = await Promise.all(
    picture.frames.map((_, n) =>
      change(openFrame(picture, n)).raw().toBuffer({ resolveWithObject: true }),
    ),
  );
  const [first] = made;
  if (!first) return picture;
  return {
    width: first.info.width,
    height: first.info.height,
    frames: made.map(({ data }) => data),
  };
}

/** A small JPEG of a picture, as previews are. */
export function encodePreview(picture: Picture): Promise<Buffer> {
  return openFrame(picture).resize(256, 256, { fit: 'inside' }).jpeg({ quality: 80 }).toBuffer();
}

/** Stretches a picture to a size. */
export function fitPicture(picture: Picture, width: number, height: number): Promise<Picture> {
  return mapFrames(picture, (frame) => frame.resize(width, height, { fit: 'fill' }));
}
