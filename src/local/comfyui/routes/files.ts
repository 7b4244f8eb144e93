import { posix } from 'node:path';
import sharp from 'sharp';
import { FOLDERS, type Folder, hashBytes, readAnnotatedName } from '../files.ts';
import { answer, answerEmpty, type Routes } from './route.ts';

/** Uploads of inputs, and downloads of whatever lies in the three folders. */
export const fileRoutes: Routes = {
  'POST /upload/image': async ({ host: { files }, request }) => {
    const form = await request.formData();
    const image = form.get('image');
    if (!(image instanceof File) || !image.name) return answerEmpty(400);
    const type = readFolder(form.get('type') ?? 'input');
    if (!type) return answerEmpty(500); // as in Python: a variable without a value
    const subfolder = String(form.get('subfolder') ?? '');
    const bytes = Buffer.from(await image.arrayBuffer());
    const overwrite = ['true', '1'].includes(String(form.get('overwrite')));
    let filename = image.name;
    if (escapes(posix.join(subfolder, filename))) return answerEmpty(400);
    const { name: stem, ext } = posix.parse(filename);
    for (let n = 1; !overwrite; n++) {
      const present = files.read(type, posix.join(subfolder, filename));
      if (!present || hashBytes(present) === hashBytes(bytes)) break;
      filename = `${stem} (${n})${ext}`;
    }
    files.write(type, posix.join(subfolder, filename), bytes);
    return answer({ name: filename, subfolder, type });
  },
  'GET /view': async ({ host: { files }, url, request }) => {
    const { searchParams: query } = url;
    const named = query.get('filename');
    if (named === null) return answerEmpty(404);
    const usual = readFolder(query.get('type') ?? 'output');
    if (!usual) return answerEmpty(400);
    const { folder, path } = readAnnotatedName(named, usual);
    if (!path || path.startsWith('/') || path.includes('..')) return answerEmpty(400);
    const subfolder = query.get('subfolder') ?? '';
    if (escapes(subfolder)) return answerEmpty(403);
    const filename = posix.basename(path);
    const bytes = files.read(folder, posix.join(subfolder, filename));
    if (!bytes) return answerEmpty(404);
    const preview = query.get('preview');
    if (preview !== null) return answerPreview(bytes, filename, preview);
    return answerBytes(bytes, filename, request.headers.get('range'));
  },
};

function readFolder(value: unknown): Folder | undefined {
  return FOLDERS.find((folder) => folder === value);
}

function escapes(path: string): boolean {
  const normal = posix.normalize(path);
  return normal.startsWith('..') || normal.startsWith('/');
}

async function answerPreview(bytes: Buffer, filename: string, wanted: string): Promise<Response> {
  const [format = '', ...rest] = wanted.split(';');
  const quality = Number(rest.at(-1)) || 90;
  const kind = format === 'jpeg' ? 'jpeg' : 'webp';
  const made = await sharp(bytes).toFormat(kind, { quality }).toBuffer();
  return new Response(new Uint8Array(made), {
    headers: { ...disposition(filename), 'Content-Type': `image/${kind}` },
  });
}

const TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.flac': 'audio/flac',
  '.mp3': 'audio/mpeg',
  '.opus': 'audio/ogg',
  '.wav': 'audio/x-wav',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
};

function answerBytes(bytes: Buffer, filename: string, range: string | null): Response {
  const type = TYPES[posix.extname(filename).toLowerCase()] ?? 'application/octet-stream';
  const headers = { ...disposition(filename), 'Content-Type': type, 'Accept-Ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return new Response(new Uint8Array(bytes), { headers });
  const [start, last] = [Number(from), Math.min(Number(to || bytes.length), bytes.length - 1)];
  if (start > last) {
    return new Response(null, {
      status: 416,
      headers: { 'Content-Range': `bytes */${bytes.length}` },
    });
  }
  return new Response(new Uint8Array(bytes.subarray(start, last + 1)), {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${start}-${last}/${bytes.length}` },
  });
}

// A header holds Latin-1 alone.
function disposition(filename: string) {
  return { 'Content-Disposition': `filename="${encodeURI(filename).replaceAll('%20', ' ')}"` };
}
