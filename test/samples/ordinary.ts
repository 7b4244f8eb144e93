import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import type { MediaKind } from '../harness/given.ts';
import { FFMPEG } from './audio.ts';
import { type HeicOptions, heicOf } from './heic.ts';
import { scene } from './images.ts';

const run = promisify(execFile);

/** A file as people have them, and who made it. */
export interface OrdinaryFile {
  kind: MediaKind;
  name: string;
  /** Programs that encoded it, as ffmpeg or sharp name them. */
  encoders: string[];
  make(path: string): Promise<unknown>;
}

const SECONDS = 1.2;
const PICTURE = `testsrc2=s=256x144:r=25:d=${SECONDS}`;
const COVER = 'testsrc2=s=256x144:r=25:d=0.04';
const LEFT = '0.4*sin(2*PI*330*t)';
const RIGHT = '0.3*sin(2*PI*495*t)*lt(mod(t\\,0.5)\\,0.2)';
const lavfi = (graph: string) => ['-f', 'lavfi', '-i', graph];
const sound = (rate = 44_100) => lavfi(`aevalsrc=${LEFT}|${RIGHT}:s=${rate}:d=${SECONDS}`);

const made = (inputs: string[], args: string[]) => (path: string) =>
  run(FFMPEG, ['-v', 'error', '-y', ...inputs, ...args, '-strict', '-2', path]);
const words = (text: string) => text.split(' ').filter(Boolean);

/** Its picture's encoder, its sound's (`-`: none), and any options besides. */
function video(name: string, picture: string, voice: string, options = ''): OrdinaryFile {
  const heard = voice === '-' ? ['-an'] : ['-c:a', voice];
  const quick: Record<string, string> = {
    libx264: '-preset ultrafast',
    libx265: '-preset ultrafast -x265-params log-level=none',
    libvpx: '-deadline realtime -cpu-used 8',
    'libvpx-vp9': '-deadline realtime -cpu-used 8',
    'libaom-av1': '-cpu-used 8',
    libsvtav1: '-preset 13',
    librav1e: '-speed 10',
  };
  const args = [...words(`-c:v ${picture} ${quick[picture] ?? ''}`), ...heard, ...words(options)];
  return {
    ...{ kind: 'videos', name, encoders: voice === '-' ? [picture] : [picture, voice] },
    make: made([...lavfi(PICTURE), ...(voice === '-' ? [] : sound(48_000))], args),
  };
}

function audio(kind: 'tracks' | 'audios', name: string, encoder: string, options = '') {
  const args = ['-c:a', encoder, ...words(options)];
  return { kind, name, encoders: [encoder], make: made(sound(), args) };
}

function image(name: string, encode: (scene: Sharp) => Sharp, channels: 3 | 4 = 3): OrdinaryFile {
  const make = (path: string) => encode(scene(320, 200, channels)).toFile(path);
  return { kind: 'images', name, encoders: ['sharp'], make };
}

function picture(name: string, encoder: string, options = ''): OrdinaryFile {
  const args = ['-frames:v', '1', '-c:v', encoder, ...words(options)];
  return { kind: 'images', name, encoders: [encoder], make: made(lavfi(PICTURE), args) };
}

function heic(name: string, options: HeicOptions = {}): OrdinaryFile {
  const make = async (path: string) =>
    writeFile(path, await heicOf(scene(320, 200, options.alpha ? 4 : 3), options));
  return { kind: 'images', name, encoders: ['libx265'], make };
}

const frames = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      scene(120, 80)
        .modulate({ hue: 90 * n })
        .png()
        .toBuffer(),
    ),
  );

const YUV = '-pix_fmt yuv420p';
const HDR = '-pix_fmt yuv420p10le -tag:v hvc1 -color_primaries bt2020 -colorspace bt2020nc';

export const ordinaryVideos: readonly OrdinaryFile[] = [
  video('h264-baseline.mp4', 'libx264', 'aac', `${YUV} -profile:v baseline`),
  video('h264-high-b-frames.mp4', 'libx264', 'aac', `${YUV} -profile:v high -bf 3 -refs 4`),
  video('h264-faststart-mp3.mp4', 'libx264', 'libmp3lame', `${YUV} -movflags +faststart`),
  video('h264-fragmented.mp4', 'libx264', 'aac', `${YUV} -g 10 -movflags frag_keyframe+empty_moov`),
  video('h264-ac3.mp4', 'libx264', 'ac3', YUV),
  video('h264-six-channels.mp4', 'libx264', 'aac', `${YUV} -ac 6`),
  video('h264-ac3-six-channels.mov', 'libx264', 'ac3', `${YUV} -ac 6`),
  video('h264-10-bit.mkv', 'libx264', 'flac', '-pix_fmt yuv420p10le'),
  video('h264-444.mp4', 'libx264', '-', '-pix_fmt yuv444p'),
  video('h264-interlaced.mp4', 'libx264', 'aac', `${YUV} -flags +ildct+ilme`),
  video('h264-60-fps.mp4', 'libx264', 'aac', `${YUV} -vf fps=60`),
  video('h264-240-fps.mp4', 'libx264', 'aac', `${YUV} -vf fps=240`),
  video('h264-ntsc.mov', 'libx264', 'pcm_s16le', `${YUV} -vf fps=30000/1001`),
  video('h264-anamorphic.mp4', 'libx264', 'aac', `${YUV} -vf scale=180:144,setsar=64/45`),
  video('h264-alac.mov', 'libx264', 'alac', YUV),
  video('h264-portrait.mp4', 'libx264', 'aac', `${YUV} -vf scale=90:160,setsar=1 -ac 1`),
  video('h264-vorbis.mkv', 'libx264', 'libvorbis', YUV),
  video('hevc.mp4', 'libx265', 'aac', `${YUV} -tag:v hvc1`),
  video('hevc-hev1.mp4', 'libx265', 'aac', `${YUV} -tag:v hev1`),
  video('hevc-10-bit.mkv', 'libx265', 'ac3', '-pix_fmt yuv420p10le'),
  video('hevc-hdr-pq.mp4', 'libx265', 'aac', `${HDR} -color_trc smpte2084`),
  video('hevc-hdr-hlg.mov', 'libx265', 'aac', `${HDR} -color_trc arib-std-b67`),
  video('vp8.webm', 'libvpx', 'libvorbis', YUV),
  video('vp8-alone.webm', 'libvpx', '-', YUV),
  video('vp9.webm', 'libvpx-vp9', 'libopus', YUV),
  video('vp9.mp4', 'libvpx-vp9', 'aac', YUV),
  video('vp9-pcm.mkv', 'libvpx-vp9', 'pcm_s16le', YUV),
  video('av1-svt.mp4', 'libsvtav1', 'aac', YUV),
  video('av1-svt.webm', 'libsvtav1', 'libopus', YUV),
  video('av1-aom.mkv', 'libaom-av1', 'libopus', YUV),
  video('av1-rav1e.mp4', 'librav1e', 'aac', YUV),
  video('mpeg4.mp4', 'mpeg4', 'aac', '-q:v 5'),
  video('mpeg4-b-frames.mov', 'mpeg4', 'pcm_s16be', '-q:v 5 -bf 2'),
  video('mpeg4-xvid.mkv', 'libxvid', 'libmp3lame', '-q:v 5'),
  video('prores-422.mov', 'prores_ks', 'pcm_s24le', '-profile:v 1'),
  video('prores-4444.mov', 'prores_ks', '-', '-profile:v 4 -pix_fmt yuva444p10le'),
  video('mjpeg.mov', 'mjpeg', 'pcm_s16le', '-q:v 5 -pix_fmt yuvj420p'),
  turned('h264-turned-90.mp4', 90),
  turned('h264-turned-270.mov', 270),
  uneven('song-with-a-cover.mp4', 'aac', COVER, 3),
  uneven('song-with-a-cover.mkv', 'libopus', COVER, 3),
  uneven('h264-sound-outlasts.mp4', 'aac', PICTURE, 4),
  uneven('h264-sound-outlasts.mkv', 'flac', PICTURE, 4),
  uneven('h264-sound-late.mp4', 'aac', PICTURE, 3, '-itsoffset 1.5'),
  uneven('h264-sound-late.mkv', 'libopus', PICTURE, 3, '-itsoffset 1.5'),
];

/** Sound that lasts longer than the picture, or begins after it. */
function uneven(
  name: string,
  voice: string,
  picture: string,
  seconds: number,
  before = '',
): OrdinaryFile {
  const args = words(`-c:v libx264 -preset ultrafast ${YUV} -c:a ${voice}`);
  const heard = [...words(before), ...lavfi(`aevalsrc=${LEFT}|${RIGHT}:s=48000:d=${seconds}`)];
  return {
    ...{ kind: 'videos', name, encoders: ['libx264', voice] },
    make: made([...lavfi(picture), ...heard], args),
  };
}

/** As a telephone films: frames that lie on their side, and a word in the container that says so. */
function turned(name: string, degrees: number): OrdinaryFile {
  const encoded = video(name, 'libx264', 'aac', YUV);
  return {
    ...encoded,
    make: async (path) => {
      const plain = `${path}.plain.mp4`;
      await encoded.make(plain);
      await made(['-display_rotation', String(-degrees), '-i', plain], ['-c', 'copy'])(path);
    },
  };
}

export const ordinaryAudios: readonly OrdinaryFile[] = [
  audio('tracks', 'mp3-cbr.mp3', 'libmp3lame', '-b:a 128k'),
  audio('tracks', 'mp3-vbr.mp3', 'libmp3lame', '-q:a 2 -id3v2_version 3'),
  audio('tracks', 'mp3-mono-22050.mp3', 'libmp3lame', '-ac 1 -ar 22050'),
  audio('audios', 'mp3-no-header.mp3', 'libmp3lame', '-b:a 96k -write_xing 0'),
  audio('tracks', 'aac.m4a', 'aac', '-b:a 96k'),
  audio('tracks', 'aac-faststart.m4a', 'aac', '-movflags +faststart'),
  audio('tracks', 'aac-six-channels.m4a', 'aac', '-ac 6'),
  audio('audios', 'aac-adts.aac', 'aac', '-ac 1'),
  audio('tracks', 'alac.m4a', 'alac'),
  audio('tracks', 'vorbis.ogg', 'libvorbis', '-q:a 4'),
  audio('tracks', 'vorbis-native.ogg', 'vorbis'),
  audio('tracks', 'opus.opus', 'libopus', '-b:a 64k'),
  audio('audios', 'opus-voice.ogg', 'libopus', '-ac 1 -b:a 16k -application voip'),
  audio('tracks', 'flac.flac', 'flac'),
  audio('tracks', 'flac-24.flac', 'flac', '-sample_fmt s32 -bits_per_raw_sample 24 -ar 96000'),
  audio('audios', 'flac.ogg', 'flac', '-compression_level 0'),
  audio('tracks', 'pcm-16.wav', 'pcm_s16le'),
  audio('tracks', 'pcm-24-96000.wav', 'pcm_s24le', '-ar 96000'),
  audio('audios', 'pcm-8.wav', 'pcm_u8', '-ac 1 -ar 8000'),
  audio('audios', 'pcm-32.wav', 'pcm_s32le'),
  audio('audios', 'pcm-float.wav', 'pcm_f32le', '-ar 48000'),
  audio('audios', 'pcm-alaw.wav', 'pcm_alaw', '-ac 1 -ar 8000'),
  audio('audios', 'pcm-mulaw.wav', 'pcm_mulaw', '-ac 1 -ar 8000'),
  audio('tracks', 'pcm-six-channels.wav', 'pcm_s16le', '-ac 6'),
  audio('audios', 'pcm-rf64.wav', 'pcm_s16le', '-rf64 always'),
  audio('tracks', 'pcm-16.aiff', 'pcm_s16be'),
  audio('audios', 'pcm-24.aiff', 'pcm_s24be', '-ac 1'),
  audio('audios', 'pcm-float.aifc', 'pcm_f32be', '-f aiff'),
  audio('tracks', 'ima4.aifc', 'adpcm_ima_qt', '-f aiff'),
  audio('audios', 'adpcm-ms.wav', 'adpcm_ms'),
  audio('audios', 'adpcm-ima.wav', 'adpcm_ima_wav'),
  audio('tracks', 'mp3-in-wav.wav', 'libmp3lame'),
  audio('tracks', 'mp3-in-mp4.m4a', 'libmp3lame', '-f mp4'),
  audio('audios', 'pcm-16.caf', 'pcm_s16be'),
  audio('tracks', 'alac.caf', 'alac'),
  audio('tracks', 'pcm-16.au', 'pcm_s16be'),
  audio('audios', 'pcm-mulaw.au', 'pcm_mulaw', '-ac 1 -ar 8000'),
  audio('audios', 'phone.amr', 'libopencore_amrnb', '-ac 1 -ar 8000'),
  audio('audios', 'browser.weba', 'libopus', '-f webm'),
  audio('tracks', 'flac.mka', 'flac'),
];

export const ordinaryImages: readonly OrdinaryFile[] = [
  image('baseline.jpg', (scene) => scene.jpeg()),
  image('progressive.jpg', (scene) => scene.jpeg({ progressive: true, mozjpeg: true })),
  image('grey.jpg', (scene) => scene.greyscale().toColourspace('b-w').jpeg()),
  image('cmyk.jpg', (scene) => scene.toColourspace('cmyk').jpeg()),
  image('turned-6.jpg', (scene) => scene.jpeg().withMetadata({ orientation: 6 })),
  image('mirrored-2.jpg', (scene) => scene.jpeg().withMetadata({ orientation: 2 })),
  image('wide-gamut.jpg', (scene) => scene.withIccProfile('p3').jpeg({ quality: 90 })),
  picture('ffmpeg.jpg', 'mjpeg', '-q:v 3 -pix_fmt yuvj422p'),
  image('plain.png', (scene) => scene.png()),
  image('alpha.png', (scene) => scene.png({ adaptiveFiltering: true }), 4),
  image('palette.png', (scene) => scene.png({ palette: true, colours: 32 })),
  image('interlaced-16-bit.png', (scene) =>
    scene.toColourspace('rgb16').png({ progressive: true }),
  ),
  picture('ffmpeg.png', 'png', '-pix_fmt rgba64be'),
  image('lossy.webp', (scene) => scene.webp({ quality: 70 })),
  image('lossless-alpha.webp', (scene) => scene.webp({ lossless: true }), 4),
  picture('ffmpeg.webp', 'libwebp'),
  image('plain.avif', (scene) => scene.avif({ effort: 0 })),
  image('10-bit-alpha.avif', (scene) => scene.avif({ effort: 0, bitdepth: 10 }), 4),
  picture('ffmpeg.avif', 'libaom-av1', '-still-picture 1 -cpu-used 8 -pix_fmt yuv420p'),
  heic('plain.heic'),
  heic('tiles.heic', { tile: 64 }),
  heic('10-bit-alpha.heic', { pixelFormat: 'yuv420p10le', alpha: true }),
  image('plain.gif', (scene) => scene.gif()),
  animated('animated.gif'),
  animated('animated.webp'),
  picture('ffmpeg.gif', 'gif'),
  image('lzw.tif', (scene) => scene.tiff({ compression: 'lzw' })),
  image('deflate-tiled.tif', (scene) => scene.tiff({ compression: 'deflate', tile: true })),
  picture('ffmpeg.tif', 'tiff', '-pix_fmt rgb24'),
];

function animated(name: string): OrdinaryFile {
  const make = async (path: string) =>
    sharp(await frames(3), { join: { animated: true } }).toFile(path);
  return { kind: 'images', name, encoders: ['sharp'], make };
}
