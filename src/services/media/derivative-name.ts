import type { Derivative } from './medium.ts';

/** The derivative that maps times to tiles of the sprite (WebVTT). */
export const SPRITE_MAP = 'spriteMap';

const EXTENSIONS: Record<string, string> = {
  'application/json': 'json',
  'audio/mp4': 'm4a',
  'image/avif': 'avif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'text/vtt': 'vtt',
  'video/mp4': 'mp4',
};

/** Names the file of a derivative, as a browser saves it: `song.ogg` → `song-preview.m4a`. */
export function nameDerivative(
  fileName: string,
  { name, contentType }: Pick<Derivative, 'name' | 'contentType'>,
): string {
  const base = fileName.replace(/\.[^.]*$/, '') || fileName;
  return `${base}-${name}.${EXTENSIONS[contentType] ?? 'bin'}`;
}
