import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { photograph } from '../../test/samples/images.ts';

const run = promisify(execFile);

/** A file that is measured. */
export interface Input {
  kind: 'tracks' | 'audios' | 'images' | 'videos';
  title: string;
  path: string;
  contentType: string;
  /** Minutes of media; an image has none. */
  minutes?: number;
}

const SONG =
  'aevalsrc=0.4*sin(2*PI*220*t)*lt(mod(t\\,0.5)\\,0.1)+0.2*sin(2*PI*330*t)|0.3*sin(2*PI*331*t):s=44100:d=180';
const VOICE = 'anoisesrc=c=pink:r=48000:a=0.6:d=30,bandpass=f=900:w=1200,tremolo=f=4:d=0.9';
const FILM = 'testsrc2=s=1920x1080:r=30:d=10,noise=alls=8:allf=t';

/** Synthesises a song, a voice, a photograph and a clip. */
export async function makeInputs(ffmpeg: string, folder: string): Promise<Input[]> {
  const at = (name: string) => join(folder, name);
  const make = (name: string, ...args: string[]) =>
    run(ffmpeg, ['-v', 'error', '-y', ...args, at(name)]);
  const lavfi = (graph: string) => ['-f', 'lavfi', '-i', graph];
  await make('song.mp3', ...lavfi(SONG), '-b:a', '192k');
  await make('voice.wav', ...lavfi(VOICE), '-ac', '1');
  await make(
    'clip.mp4',
    ...[...lavfi(FILM), ...lavfi('sine=f=440:r=48000:d=10'), '-ac', '2', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-c:a', 'aac', '-b:a', '128k'],
  );
  await photograph(4000, 3000).jpeg({ quality: 90 }).toFile(at('photograph.jpg'));
  return [
    {
      ...{ kind: 'tracks', title: 'track: 3 min MP3', minutes: 3 },
      ...{ path: at('song.mp3'), contentType: 'audio/mpeg' },
    },
    {
      ...{ kind: 'audios', title: 'audio: 30 s voice WAV', minutes: 0.5 },
      ...{ path: at('voice.wav'), contentType: 'audio/wav' },
    },
    {
      ...{ kind: 'images', title: 'image: 12 MP JPEG' },
      ...{ path: at('photograph.jpg'), contentType: 'image/jpeg' },
    },
    {
      ...{ kind: 'videos', title: 'video: 10 s 1080p H.264', minutes: 1 / 6 },
      ...{ path: at('clip.mp4'), contentType: 'video/mp4' },
    },
  ];
}
