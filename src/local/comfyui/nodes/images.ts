import type { KernelEnum } from 'sharp';
import { type Files, hashBytes, readAnnotatedName } from '../files.ts';
import { type Behaviour, type Inputs, NodeError, type Work } from './node-class.ts';
import { decodePicture, mapFrames, openFrame, type Picture } from './picture.ts';
import { addPngText } from './png-text.ts';

const PICTURES = /\.(png|jpe?g|webp|gif|bmp|tiff?|avif)$/i;

/** What makes, changes and saves pictures. */
export const images: Record<string, Behaviour> = {
  EmptyImage: {
    run: ({ width, height, batch_size, color }) => {
      const [w, h, n, c] = [width, height, batch_size, color] as [number, number, number, number];
      const frame = Buffer.alloc(w * h * 3, Buffer.from([c >> 16, c >> 8, c]));
      return { values: [{ width: w, height: h, frames: Array(n).fill(frame) }] };
    },
  },
  LoadImage: {
    options: (files) => ({ image: files.list('input').filter((name) => PICTURES.test(name)) }),
    check: ({ image }, files) => ({
      image: loadFile(image, files) ? undefined : `Invalid image file: ${image}`,
    }),
    fingerprint: ({ image }, files) => hashBytes(loadFile(image, files) ?? Buffer.alloc(0)),
    run: async ({ image }, { files }) => {
      const bytes = loadFile(image, files);
      if (!bytes) throw new NodeError('FileNotFoundError', `No such file: '${image}'`);
      const picture = await decodePicture(bytes);
      return { values: [picture, { width: 64, height: 64, values: new Float32Array(64 * 64) }] };
    },
  },
  ImageScale: {
    run: async (inputs) => {
      const picture = inputs.image as Picture;
      const { width, height } = chooseSize(picture, inputs);
      const fit = inputs.crop === 'center' ? 'cover' : 'fill';
      return { values: [await scale(picture, width, height, inputs.upscale_method, fit)] };
    },
  },
  ImageScaleBy: {
    run: async ({ image, upscale_method, scale_by }) => {
      const picture = image as Picture;
      const by = scale_by as number;
      const [width, height] = [picture.width, picture.height].map((n) => Math.round(n * by));
      return { values: [await scale(picture, width ?? 1, height ?? 1, upscale_method, 'fill')] };
    },
  },
  ImageInvert: {
    run: ({ image }) => {
      const picture = image as Picture;
      const frames = picture.frames.map((frame) => Buffer.from(frame.map((value) => 255 - value)));
      return { values: [{ ...picture, frames }] };
    },
  },
  ImageBlur: {
    run: async ({ image, sigma }) => ({
      values: [
        await mapFrames(image as Picture, (frame) => frame.blur(Math.max(0.3, Number(sigma)))),
      ],
    }),
  },
  ImageSharpen: {
    run: async ({ image, sigma }) => ({
      values: [
        await mapFrames(image as Picture, (frame) => frame.sharpen({ sigma: Number(sigma) })),
      ],
    }),
  },
  SaveImage: { run: (inputs, work) => savePictures(inputs, work, 'output') },
  PreviewImage: { run: (inputs, work) => savePictures(inputs, work, 'temp') },
};

/** Reads an input file that a node names. */
export function loadFile(name: unknown, files: Files): Buffer | undefined {
  const { folder, path } = readAnnotatedName(String(name));
  return files.read(folder, path);
}

const KERNELS: Record<string, keyof KernelEnum> = {
  'nearest-exact': 'nearest',
  bilinear: 'linear',
  area: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

function scale(
  picture: Picture,
  width: number,
  height: number,
  method: unknown,
  fit: 'fill' | 'cover',
): Promise<Picture> {
  const kernel = KERNELS[String(method)] ?? 'lanczos3';
  return mapFrames(picture, (frame) => frame.resize(width, height, { fit, kernel }));
}

// A side of 0 follows from the other one.
function chooseSize(picture: Picture, inputs: Inputs): { width: number; height: number } {
  const [width, height] = [inputs.width as number, inputs.height as number];
  if (width === 0 && height === 0) return picture;
  const ratio = picture.width / picture.height;
  return {
    width: width || Math.max(1, Math.round(height * ratio)),
    height: height || Math.max(1, Math.round(width / ratio)),
  };
}

async function savePictures(inputs: Inputs, work: Work, folder: 'output' | 'temp') {
  const picture = inputs.images as Picture;
  const prefix = folder === 'temp' ? 'ComfyUI_temp' : String(inputs.filename_prefix ?? 'ComfyUI');
  const pnginfo = work.extra.extra_pnginfo as Record<string, unknown> | undefined;
  const texts: Record<string, string> = { prompt: JSON.stringify(work.graph) };
  for (const [key, value] of Object.entries(pnginfo ?? {})) texts[key] = JSON.stringify(value);
  const saved = [];
  for (const n of picture.frames.keys()) {
    const png = await openFrame(picture, n).png({ compressionLevel: 4 }).toBuffer();
    saved.push(work.files.save(folder, prefix, 'png', addPngText(png, texts)));
  }
  return { values: [], ui: { images: saved } };
}
