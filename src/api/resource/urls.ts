import { type Bytes, encodeName, find, findDocuments, pick, TYPE } from '../../data/bson.ts';
import type { Entity } from '../../data/entity.ts';
import { presignGet } from '../../providers/s3-links.ts';
import { nameDerivative, SPRITE_MAP } from '../../services/media/derivative-name.ts';
import type { Derivative, Medium } from '../../services/media/medium.ts';

/** `?include=urls`: what a page shows by `<img>`, `<audio>` and `<video>` without a call for each. */
export const URLS = 'urls';

/** The fields that addresses are made of. */
const OWN = ['status', 'filePath', 'fileName', 'contentType', 'derivativesPath'];
const OF_DERIVATIVE = ['name', 'status', 'contentType'];
const NEEDED = [...OWN, 'derivatives'];
const DERIVATIVES = encodeName('derivatives');

/**
 * Addresses are signed as of the start of such a window, and valid for two: so they stay the same for
 * a while, and browsers find the pictures of before in their caches.
 */
const WINDOW_S = 15 * 60;

/** Whether documents of this entity have files in S3 that addresses lead to. */
export function hasFiles({ shape }: Entity): boolean {
  return NEEDED.every((name) => shape.fields[name]);
}

/** The projection that reads what addresses are made of, too. */
export function projectUrls(projection: Record<string, number>): Record<string, number> {
  if (Object.values(projection).includes(1)) {
    return { ...projection, ...Object.fromEntries(NEEDED.map((name) => [name, 1])) };
  }
  return Object.fromEntries(Object.entries(projection).filter(([name]) => !NEEDED.includes(name)));
}

/**
 * Signs the addresses of a document's original, `file`, and of each derivative that is READY. A map
 * of sprites is left out: it is written for each reader, by its own route.
 */
export function signUrls(bytes: Bytes, begin: number): Record<string, string> {
  const medium = pick(bytes, begin, OWN) as unknown as Medium; // as its schema has it
  const { fileName, contentType, filePath, derivativesPath } = medium;
  const urls: Record<string, string> = {};
  if (medium.status !== 'AWAITING_UPLOAD') urls.file = sign(filePath, { contentType, fileName });
  const list = find(bytes, begin, DERIVATIVES);
  for (const at of list?.type === TYPE.array ? findDocuments(bytes, list.at) : []) {
    const derivative = pick(bytes, at, OF_DERIVATIVE) as unknown as Derivative;
    const { name, status } = derivative;
    if (status === 'PENDING' || name === SPRITE_MAP || !derivativesPath) continue;
    const as = {
      contentType: derivative.contentType,
      fileName: nameDerivative(fileName, derivative),
    };
    urls[name] = sign(`${derivativesPath}/${name}`, as);
  }
  return urls;
}

function sign(key: string, as: { contentType: string; fileName: string }): string {
  // S3 compares with its own clock, so this is the real one and not the context's.
  const window = Math.floor(Date.now() / (WINDOW_S * 1000)) * WINDOW_S * 1000;
  return presignGet(key, as, 2 * WINDOW_S, window);
}
