import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { headObject } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';
import type { Clip, RenderPlan, Source } from '../../src/services/exports/plan.ts';

const run = promisify(execFile);

/** A file that renders are made from, as the product has it in S3 and as plain ffmpeg finds it here. */
interface Original {
  path: string;
  source: Source;
}

export interface Originals {
  song: Original;
  images: Original[];
  video: Original;
}

/** In seconds. */
export const SONG_SECONDS = 180;
export const PICTURE_SECONDS = 40;
const VIDEO_SECONDS = 25;
const IMAGES = 6;

/** Makes a song, images and a video, and puts them into S3. */
export async function makeOriginals(ffmpeg: string, folder: string): Promise<Originals> {
  const make = async (name: string, entity: string, ...args: string[]): Promise<Original> => {
    const path = join(folder, name);
    await run(ffmpeg, ['-v', 'error', '-y', ...args, path]);
    const { size } = await stat(path);
    const file = { path, size, contentType: 'application/octet-stream' };
    await upload(name, file, new AbortController().signal);
    const etag = (await headObject(name))?.etag ?? '';
    return { path, source: { entity, id: name, name, fileName: name, key: name, etag, size } };
  };
  const beat = '0.4*sin(2*PI*220*t)*lt(mod(t\\,0.5)\\,0.2)+0.1*(random(0)-0.5)';
  const sound = ['-f', 'lavfi', '-i', `aevalsrc=${beat}|${beat}:s=44100:d=${SONG_SECONDS}`];
  const images: Original[] = [];
  for (let n = 0; n < IMAGES; n++) {
    const picture = `mandelbrot=s=3000x2000:start_scale=${1 / (n + 1)}`;
    images.push(
      await make(`image-${n}.jpg`, 'Image', '-f', 'lavfi', '-i', picture, '-frames:v', '1'),
    );
  }
  const film = `testsrc2=s=1920x1080:r=30:d=${VIDEO_SECONDS}`;
  const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
  return {
    song: await make('song.mp3', 'Track', ...sound, '-c:a', 'libmp3lame', '-b:a', '256k'),
    images,
    video: await make('film.mp4', 'Video', '-f', 'lavfi', '-i', film, ...h264),
  };
}

export const SIZE = { width: 1920, height: 1080, fps: 30 };

/** The plan of a render, as the planner makes it. */
export function planRender({ song, images, video }: Originals, kind: RenderKind): RenderPlan {
  const isSong = kind === 'SONG';
  const clip: Clip = {
    ...{ source: song.source, channels: 2, sampleRate: 44_100, from: 0 },
    ...{ to: isSong ? null : PICTURE_SECONDS, seconds: isSong ? SONG_SECONDS : PICTURE_SECONDS },
    ...{ gain: 0, fadeIn: 0, fadeOut: 0, at: 0 },
  };
  const common = { arrangement: 'SEQUENCE', crossfade: 0 } as const;
  const loudness = { target: -14, truePeak: -1 };
  const sampleRate = isSong ? 44_100 : 48_000;
  return {
    ...{ format: isSong ? 'MP3' : 'MP4', name: 'bench', tags: { title: 'Bench' }, cover: null },
    sound: { ...common, clips: [clip], sampleRate, loudness },
    encoding: { codec: isSong ? 'MP3' : 'AAC', bitRate: isSong ? null : 256, bitDepth: 16 },
    picture: isSong
      ? null
      : { ...SIZE, show: planShow(kind, images, video), titles: [], cues: [], isPreview: false },
  };
}

export const RENDER_KINDS = {
  SONG: 'a song of three minutes: MP3, V0, −14 LUFS',
  SLIDESHOW: `${PICTURE_SECONDS} s with ${IMAGES} moving images, 1080p`,
  VISUALIZER: `${PICTURE_SECONDS} s of waveform over an image, 1080p`,
  VIDEOS: `${PICTURE_SECONDS} s of a video that repeats, 1080p`,
};
export type RenderKind = keyof typeof RENDER_KINDS;

function planShow(kind: RenderKind, images: Original[], video: Original) {
  const pictures = images.map(({ source }) => ({ source, orientation: 1, seconds: null }));
  if (kind === 'SLIDESHOW') {
    const type = 'SLIDESHOW' as const;
    return { type, images: pictures, isMoving: true, crossfade: 1, bpm: null };
  }
  const { width, height } = SIZE;
  if (kind === 'VIDEOS') {
    const shot = { source: video.source, width, height, hdr: null, from: 0, to: VIDEO_SECONDS };
    return { type: 'VIDEOS' as const, videos: [shot] };
  }
  const look = { style: 'WAVEFORM', color: '#ffffff', background: '#101418' } as const;
  return { type: 'VISUALIZER' as const, ...look, image: pictures[0] ?? null };
}
