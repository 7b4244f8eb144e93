import type { ManifestMedium } from '../plan.ts';

const FOLDERS = { TRACK: 'tracks', AUDIO: 'audios', IMAGE: 'images', VIDEO: 'videos' };
const LONGEST = 80;

/** The path of a medium in a ZIP: unique, and a name that every file system takes. */
export function nameEntry(
  kind: ManifestMedium['kind'],
  n: number,
  { fileName }: { fileName: string },
): string {
  const safe = fileName
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\p{C}<>:"/\\|?*]/gu, '_')
    .replace(/^\.+|[. ]+$/g, '_');
  const extension = /\.[a-z0-9]{1,8}$/i.exec(safe)?.[0] ?? '';
  const base = [...safe.slice(0, safe.length - extension.length)].slice(0, LONGEST).join('');
  return `${FOLDERS[kind]}/${String(n + 1).padStart(4, '0')}-${base}${extension}`;
}
