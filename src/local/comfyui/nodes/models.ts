import { drawGradient } from './gradient.ts';
import type { Behaviour, Inputs } from './node-class.ts';
import { fitPicture, type Picture } from './picture.ts';
import type { Sound } from './sound.ts';
import { countSamples } from './sound.ts';
import { playSong } from './synth.ts';

/** What a model would be given or make: the stand-in keeps what it needs to draw in its place. */
interface Latent {
  width: number;
  height: number;
  frames: number;
  seconds: number;
  seed: number;
  from?: Picture | Sound | undefined;
  /** How much of `from` is replaced. */
  denoise: number;
}

const EMPTY = { width: 512, height: 512, frames: 1, seconds: 0, seed: 0, denoise: 1 };
const opaque = (...values: string[]): Behaviour => ({ run: () => ({ values }) });
const passOn = (name: string): Behaviour => ({ run: (inputs) => ({ values: [inputs[name]] }) });
const makeLatent = (read: (inputs: Inputs) => Partial<Latent>): Behaviour => ({
  run: (inputs) => ({ values: [{ ...EMPTY, ...read(inputs) } satisfies Latent] }),
});

/**
 * Nodes of models. There are none here: a sampler draws gradients and plays a simple song instead,
 * by the seed and the text, so that whole workflows can be tried without a GPU.
 */
export const models: Record<string, Behaviour> = {
  CheckpointLoaderSimple: loader('ckpt_name', 'checkpoints', 'model', 'clip', 'vae'),
  UNETLoader: loader('unet_name', 'diffusion_models', 'model'),
  CLIPLoader: loader('clip_name', 'text_encoders', 'clip'),
  VAELoader: loader('vae_name', 'vae', 'vae'),
  UpscaleModelLoader: loader('model_name', 'upscale_models', 'model'),
  ModelSamplingSD3: passOn('model'),
  LatentApplyOperationCFG: passOn('model'),
  LatentOperationTonemapReinhard: opaque('operation'),
  CLIPTextEncode: passOn('text'),
  TextEncodeAceStepAudio: { run: ({ tags, lyrics }) => ({ values: [`${tags}\n${lyrics}`] }) },
  ConditioningZeroOut: opaque(''),
  EmptyLatentImage: makeLatent(readSize),
  EmptySD3LatentImage: makeLatent(readSize),
  EmptyAceStepLatentAudio: makeLatent(({ seconds }) => ({ seconds: Number(seconds) })),
  Wan22ImageToVideoLatent: makeLatent((inputs) => ({
    ...readSize(inputs),
    frames: Number(inputs.length),
    from: inputs.start_image as Picture | undefined,
    denoise: 0.3,
  })),
  VAEEncode: makeLatent(({ pixels }) => {
    const { width, height } = pixels as Picture;
    return { width, height, from: pixels as Picture };
  }),
  VAEEncodeAudio: makeLatent(({ audio }) => {
    const sound = audio as Sound;
    return { seconds: countSamples(sound) / sound.rate, from: sound };
  }),
  SetLatentNoiseMask: passOn('samples'),
  KSampler: {
    steps: ({ steps }) => Number(steps),
    run: async ({ latent_image, seed, positive, denoise }) => {
      const latent = latent_image as Latent;
      const mixed = mixSeed(Number(seed), String(positive));
      const share = latent.denoise * Number(denoise ?? 1);
      const sampled: Latent = { ...latent, seed: mixed, denoise: share };
      const small = { ...sampled, width: 128, height: 128, frames: 1 };
      // Of sound there is nothing to see.
      return {
        values: [sampled],
        preview: latent.seconds > 0 ? undefined : await drawLatent(small),
      };
    },
  },
  VAEDecode: { run: async ({ samples }) => ({ values: [await drawLatent(samples as Latent)] }) },
  VAEDecodeAudio: { run: ({ samples }) => ({ values: [playLatent(samples as Latent)] }) },
  ImageUpscaleWithModel: {
    steps: ({ image }) =>
      countTiles((image as Picture).width) * countTiles((image as Picture).height),
    run: async ({ image }) => {
      const { width, height } = image as Picture;
      return { values: [await fitPicture(image as Picture, width * 4, height * 4)] };
    },
  },
};

function loader(input: string, folder: string, ...values: string[]): Behaviour {
  return {
    run: () => ({ values }),
    // A VAE that does nothing is part of ComfyUI.
    options: (files) => ({
      [input]: [...files.listModels(folder), ...(folder === 'vae' ? ['pixel_space'] : [])],
    }),
  };
}

// Pictures are enlarged in tiles of 512 pixels, which overlap by 32.
function countTiles(side: number): number {
  return side <= 512 ? 1 : Math.ceil((side - 32) / 480);
}

function readSize({ width, height }: Inputs) {
  return { width: Number(width), height: Number(height) };
}

function mixSeed(seed: number, text: string): number {
  let mixed = seed % 2 ** 31;
  for (const letter of text) mixed = (Math.imul(mixed, 31) + letter.charCodeAt(0)) >>> 0;
  return mixed;
}

async function drawLatent({ width, height, frames, seed, from, denoise }: Latent) {
  const base = from && 'frames' in from ? await fitPicture(from, width, height) : undefined;
  const drawn = Array.from({ length: frames }, (_, n) => {
    const frame = drawGradient(width, height, seed, n);
    const under = base?.frames[0];
    if (!under) return frame;
    return frame.map((value, at) => value * denoise + (under[at] as number) * (1 - denoise));
  });
  return { width, height, frames: drawn.map((frame) => Buffer.from(frame)) } satisfies Picture;
}

function playLatent({ seconds, seed, from, denoise }: Latent): Sound {
  const song = playSong(seconds, seed);
  if (!from || !('rate' in from)) return song;
  const channels = song.channels.map((channel, side) => {
    const under = from.channels[side] ?? from.channels[0];
    return channel.map((value, n) => value * denoise + (under?.[n] ?? 0) * (1 - denoise));
  });
  return { rate: song.rate, channels };
}
