import { createWriteStream } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { styleText } from 'node:util';
import type { Call } from './account.ts';
import { follow } from './follow.ts';
import { isPicture, openPicture, paintPictures } from './pictures.ts';
import { Problem } from './problem.ts';
import { send } from './send.ts';
import { show } from './show.ts';
import { openFile, type Source, synthesiseSong } from './source.ts';
import { beginLine, formatLine, say } from './terminal.ts';
import type { Track, Upload } from './track.ts';
import { formatBytes, formatSpan } from './units.ts';

/** The fields of an export that the demo reads. */
interface Export {
  id: string;
  status: string;
  progress: number;
  size: number;
  fileName: string;
  durationSeconds: number;
  loudness?: { integratedLufs?: number; truePeakDbtp?: number };
}

/** Songs and pictures to export: those of the files, or the demo's own. */
export async function openMaterial(
  paths: string[],
): Promise<{ songs: Source[]; pictures: Source[] }> {
  const songs = await Promise.all(paths.filter((path) => !isPicture(path)).map(openFile));
  const pictures = await Promise.all(paths.filter(isPicture).map(openPicture));
  return {
    songs: songs.length > 0 ? songs : [synthesiseSong()],
    pictures: pictures.length > 0 ? pictures : await paintPictures(),
  };
}

/** Makes songs and pictures into an MP3 and an MP4, and says where they are. @throws Problem */
export async function demoExport(
  call: Call,
  project: string,
  { songs, pictures }: Awaited<ReturnType<typeof openMaterial>>,
): Promise<void> {
  const tracks: Track[] = [];
  for (const song of songs) tracks.push(await show(call, project, song));
  say();
  for (const picture of pictures) await addPicture(call, project, picture);
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-export-'));
  const titles = [{ text: songs[0]?.name ?? 'Demo', from: 0, to: 4 }];
  const hasBeat = tracks.some(({ analysis }) => analysis?.bpm);
  const picture = { type: 'SLIDESHOW', cutToBeat: hasBeat };
  await exportFile(call, { project, format: 'MP3' }, folder);
  const settings = { resolution: 720, picture, titles };
  await exportFile(call, { project, format: 'MP4', settings }, folder);
}

async function addPicture(call: Call, project: string, source: Source): Promise<void> {
  const { name, fileName, contentType, size } = source;
  const declared = { project, name, fileName, contentType, size };
  const made = await call<{ id: string; upload: Upload }>('POST', '/v1/images', declared);
  await send(made.upload, source, () => {});
  await follow(call, `/v1/images/${made.id}`, () => {});
  say(formatLine('Picture', `${fileName}, ${formatBytes(size)}`));
}

async function exportFile(
  call: Call,
  asked: { project: string; format: string; settings?: object },
  folder: string,
): Promise<void> {
  const began = Date.now();
  say();
  say(styleText('bold', `  ${asked.format}`));
  const line = beginLine('Rendering');
  const made = await call<Export>('POST', '/v1/exports', asked);
  const done = await follow<Export>(call, `/v1/exports/${made.id}`, (percent) =>
    line.show(percent / 100, `${percent} %`),
  ).catch((error: unknown) => {
    line.drop();
    throw error;
  });
  line.end('Rendered', `${done.status} in ${formatSpan(Date.now() - began)}`);
  const { integratedLufs, truePeakDbtp } = done.loudness ?? {};
  const format = (level: number | undefined) => level?.toFixed(1) ?? '?';
  say(formatLine('Duration', `${done.durationSeconds.toFixed(2)} s`));
  say(formatLine('Size', formatBytes(done.size)));
  say(
    formatLine(
      'Loudness',
      `${format(integratedLufs)} LUFS, true peak ${format(truePeakDbtp)} dBTP`,
    ),
  );
  const { url } = await call<{ url: string }>('GET', `/v1/exports/${done.id}/file`);
  const path = join(folder, done.fileName);
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Problem(`S3 answered ${answer.status} for the export.`);
  await pipeline(answer.body as unknown as Readable, createWriteStream(path));
  say(formatLine('File', path));
}
