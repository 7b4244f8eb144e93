import { runFfmpeg } from './ffmpeg.ts';
import type { Behaviour, Inputs } from './node-class.ts';
import type { Picture } from './picture.ts';
import { describeInput, interleave, type Sound } from './sound.ts';

/** Pictures at a rate, with or without sound. */
interface Video {
  pictures: Picture;
  fps: number;
  sound: Sound | undefined;
}

/** What makes pictures into videos. */
export const videos: Record<string, Behaviour> = {
  RepeatImageBatch: {
    run: ({ image, amount }) => {
      const picture = image as Picture;
      const frames = Array(Number(amount)).fill(picture.frames).flat() as Buffer[];
      return { values: [{ ...picture, frames }] };
    },
  },
  CreateVideo: {
    run: ({ images, fps, audio }) => {
      const video = { pictures: images as Picture, fps: Number(fps), sound: audio as Sound };
      return { values: [video satisfies Video] };
    },
  },
  GetVideoComponents: {
    run: ({ video }) => {
      const { pictures, sound, fps } = video as Video;
      return { values: [pictures, sound, fps] };
    },
  },
  SaveVideo: {
    run: async ({ video, filename_prefix }: Inputs, { files, ffmpeg }) => {
      const bytes = await encodeVideo(ffmpeg, video as Video);
      const prefix = String(filename_prefix ?? 'video/ComfyUI');
      const saved = files.save('output', prefix, 'mp4', bytes);
      return { values: [], ui: { images: [saved], animated: [true] } };
    },
  },
};

function encodeVideo(ffmpeg: string, { pictures, fps, sound }: Video): Promise<Buffer> {
  const { width, height, frames } = pictures;
  const size = ['-s', `${width}x${height}`, '-r', `${fps}`];
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', ...size, '-i', 'in0'];
  // H.264 in 4:2:0 has even sides.
  const picture = ['-vf', 'crop=trunc(iw/2)*2:trunc(ih/2)*2', '-pix_fmt', 'yuv420p'];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast'];
  const heard = sound ? describeInput(sound, 'in1') : [];
  const inputs = [Buffer.concat(frames), ...(sound ? [interleave(sound)] : [])];
  const args = [...input, ...heard, ...picture, ...codec, ...(sound ? ['-c:a', 'aac'] : [])];
  return runFfmpeg(ffmpeg, inputs, args, 'out.mp4');
}
