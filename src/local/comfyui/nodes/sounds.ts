import { hashBytes } from '../files.ts';
import { loadFile } from './images.ts';
import { type Behaviour, type Inputs, type Made, NodeError, type Work } from './node-class.ts';
import { countSamples, decodeSound, encodeSound, makeSilence, type Sound } from './sound.ts';

const SOUNDS = /\.(mp3|wav|flac|ogg|opus|m4a|aac|mp4|webm|mov)$/i;

/** What loads, changes and saves sound. */
export const sounds: Record<string, Behaviour> = {
  EmptyAudio: {
    run: ({ duration, sample_rate, channels }) => ({
      values: [makeSilence(duration as number, sample_rate as number, channels as number)],
    }),
  },
  LoadAudio: {
    options: (files) => ({ audio: files.list('input').filter((name) => SOUNDS.test(name)) }),
    check: ({ audio }, files) => ({
      audio: loadFile(audio, files) ? undefined : `Invalid audio file: ${audio}`,
    }),
    fingerprint: ({ audio }, files) => hashBytes(loadFile(audio, files) ?? Buffer.alloc(0)),
    run: async ({ audio }, { files, ffmpeg }) => {
      const bytes = loadFile(audio, files);
      if (!bytes) throw new NodeError('FileNotFoundError', `No such file: '${audio}'`);
      return { values: [await decodeSound(ffmpeg, bytes)] };
    },
  },
  TrimAudioDuration: { run: (inputs) => ({ values: [trim(inputs)] }) },
  AudioConcat: {
    run: ({ audio1, audio2, direction }) => {
      const [a, b] = [audio1 as Sound, audio2 as Sound];
      const [first, second] = direction === 'before' ? [b, a] : [a, b];
      const channels = [0, 1].map((side) => {
        const parts = [first, second].map(({ channels }) => channels[side] ?? channels[0]);
        return Float32Array.from(parts.flatMap((part) => [...(part ?? [])]));
      });
      return { values: [{ rate: Math.max(a.rate, b.rate), channels }] };
    },
  },
  AudioMerge: { run: (inputs) => ({ values: [merge(inputs)] }) },
  AudioAdjustVolume: {
    run: ({ audio, volume }) => {
      const gain = 10 ** (Number(volume) / 20);
      const { rate, channels } = audio as Sound;
      const louder = channels.map((channel) => channel.map((value) => value * gain));
      return { values: [{ rate, channels: louder }] };
    },
  },
  SaveAudio: { run: (inputs, work) => save(inputs, work, 'flac') },
  SaveAudioMP3: { run: (inputs, work) => save(inputs, work, 'mp3') },
  SaveAudioOpus: { run: (inputs, work) => save(inputs, work, 'opus') },
  PreviewAudio: { run: (inputs, work) => save(inputs, work, 'flac', 'temp') },
};

function trim({ audio, start_index, duration }: Inputs): Sound {
  const sound = audio as Sound;
  const length = countSamples(sound);
  const offset = Math.round(Number(start_index) * sound.rate);
  const start = Math.max(0, Math.min(offset < 0 ? length + offset : offset, length - 1));
  const end = Math.min(length, start + Math.round(Number(duration) * sound.rate));
  if (start >= end) {
    const rule = 'Start time must be less than end time and be within the audio length.';
    throw new NodeError('ValueError', `AudioTrim: ${rule}`);
  }
  return {
    rate: sound.rate,
    channels: sound.channels.map((channel) => channel.subarray(start, end)),
  };
}

const METHODS: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  mean: (a, b) => (a + b) / 2,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
};

function merge({ audio1, audio2, merge_method }: Inputs): Sound {
  const [a, b] = [audio1 as Sound, audio2 as Sound];
  const apply = METHODS[String(merge_method)] as (a: number, b: number) => number;
  const channels = a.channels.map((channel, side) =>
    channel.map((value, n) => apply(value, (b.channels[side] ?? b.channels[0])?.[n] ?? 0)),
  );
  const loudest = Math.max(
    1,
    ...channels.map((one) => one.reduce((m, v) => Math.max(m, Math.abs(v)), 0)),
  );
  return { rate: a.rate, channels: channels.map((one) => one.map((value) => value / loudest)) };
}

async function save(
  { audio, filename_prefix, quality }: Inputs,
  { files, ffmpeg }: Work,
  format: 'flac' | 'mp3' | 'opus',
  folder: 'output' | 'temp' = 'output',
): Promise<Made> {
  const bytes = await encodeSound(ffmpeg, audio as Sound, format, String(quality ?? '128k'));
  const prefix = folder === 'temp' ? 'ComfyUI_temp' : String(filename_prefix ?? 'audio/ComfyUI');
  return { values: [], ui: { audio: [files.save(folder, prefix, format, bytes)] } };
}
