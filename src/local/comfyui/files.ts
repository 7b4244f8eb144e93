import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** The three folders of ComfyUI. */
export const FOLDERS = ['input', 'output', 'temp'] as const;
export type Folder = (typeof FOLDERS)[number];

/** How a file is named in answers of ComfyUI. */
interface FileName {
  filename: string;
  subfolder: string;
  type: Folder;
}

/** Files in memory: the oldest outputs go when they take more than their share. */
export interface Files {
  read(folder: Folder, path: string): Buffer | undefined;
  write(folder: Folder, path: string, bytes: Buffer): void;
  list(folder: Folder): string[];
  /** Stores an output under the next free number: `song` → `song_00001_.png`. */
  save(folder: Folder, prefix: string, extension: string, bytes: Buffer): FileName;
  /** The names of the models in a folder, none of which has content. */
  listModels(folder: string): string[];
}

/** A model that the stand-in pretends to have. */
export interface Model {
  file: string;
  /** The folder under `models/`. */
  folder: string;
}

/** @param limit of all bytes together */
export function createFiles(models: Model[] = [], limit = 512 * 1024 * 1024): Files {
  const files = new Map<string, Buffer>();
  let total = 0;

  function write(folder: Folder, path: string, bytes: Buffer): void {
    const key = `${folder}/${path}`;
    drop(key);
    files.set(key, bytes);
    total += bytes.length;
    for (const oldest of files.keys()) {
      if (total <= limit || oldest === key) break;
      drop(oldest);
    }
  }

  function drop(key: string): void {
    total -= files.get(key)?.length ?? 0;
    files.delete(key);
  }

  function list(folder: Folder): string[] {
    return [...files.keys()]
      .filter((key) => key.startsWith(`${folder}/`))
      .map((key) => key.slice(folder.length + 1));
  }

  return {
    read: (folder, path) => files.get(`${folder}/${path}`),
    write,
    list,
    listModels: (folder) => [
      ...new Set(models.filter((model) => model.folder === folder).map(({ file }) => file)),
    ],
    save(folder, prefix, extension, bytes) {
      const path = posix.normalize(prefix);
      if (path.startsWith('..') || path.startsWith('/')) {
        throw new Error('**** ERROR: Saving image outside the output folder is not allowed.');
      }
      const numbers = list(folder).map((name) => {
        const rest = name.startsWith(`${path}_`) ? name.slice(path.length + 1) : '';
        return Number.parseInt(rest, 10) || 0;
      });
      const number = Math.max(0, ...numbers) + 1;
      const name = `${path}_${String(number).padStart(5, '0')}_.${extension}`;
      write(folder, name, bytes);
      const subfolder = posix.dirname(name);
      return {
        filename: posix.basename(name),
        subfolder: subfolder === '.' ? '' : subfolder,
        type: folder,
      };
    },
  };
}

/** Reads `song.mp3 [output]` as ComfyUI does: which folder a file is in may be part of its name. */
export function readAnnotatedName(
  name: string,
  otherwise: Folder = 'input',
): { folder: Folder; path: string } {
  const [, path = name, folder = otherwise] = /^(.*?)\s*\[(input|output|temp)\]$/.exec(name) ?? [];
  return { folder: folder as Folder, path };
}

/** Computes what tells whether two files are the same. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
