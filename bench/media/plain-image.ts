// `plain-image.ts <path> <folder>`: the processing of an image by sharp alone, with its default
// settings, in a process of its own.
import { join } from 'node:path';
import sharp from 'sharp';

const [path = '', folder = ''] = process.argv.slice(2);

process.on('message', async () => {
  const started = performance.now();
  const box = { fit: 'inside', withoutEnlargement: true } as const;
  const { data, info } = await sharp(path)
    .resize(2048, 2048, box)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const shown = () => sharp(data, { raw: { width, height, channels } });
  await shown().resize(320, 320, box).webp({ quality: 80 }).toFile(join(folder, 'thumbnail.webp'));
  await shown().webp({ quality: 80, effort: 2 }).toFile(join(folder, 'preview.webp'));
  const avif = { quality: 50, effort: 0 };
  await shown().resize(1280, 1280, box).avif(avif).toFile(join(folder, 'preview.avif'));
  process.send?.({ ms: performance.now() - started, first: Number.NaN });
});
