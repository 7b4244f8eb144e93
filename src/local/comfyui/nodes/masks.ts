import type { Behaviour, Inputs } from './node-class.ts';
import { fitPicture, type Picture } from './picture.ts';

/** How much of each pixel is meant, from 0 to 1. */
interface Mask {
  width: number;
  height: number;
  values: Float32Array;
}

/** What makes masks, and what uses them: with a feathered mask, two colours are a gradient. */
export const masks: Record<string, Behaviour> = {
  SolidMask: {
    run: ({ value, width, height }) => {
      const [w, h] = [width, height] as [number, number];
      const values = new Float32Array(w * h).fill(value as number);
      return { values: [{ width: w, height: h, values } satisfies Mask] };
    },
  },
  InvertMask: {
    run: ({ mask }) => {
      const { values, ...size } = mask as Mask;
      return { values: [{ ...size, values: values.map((value) => 1 - value) }] };
    },
  },
  FeatherMask: { run: (inputs) => ({ values: [feather(inputs)] }) },
  MaskComposite: { run: (inputs) => ({ values: [combine(inputs)] }) },
  MaskToImage: {
    run: ({ mask }) => {
      const { width, height, values } = mask as Mask;
      const frame = Buffer.alloc(width * height * 3);
      values.forEach((value, n) => void frame.fill(Math.floor(value * 255), n * 3, n * 3 + 3));
      return { values: [{ width, height, frames: [frame] } satisfies Picture] };
    },
  },
  ImageCompositeMasked: { run: async (inputs) => ({ values: [await composite(inputs)] }) },
};

function feather(inputs: Inputs): Mask {
  const { width, height, values } = inputs.mask as Mask;
  const [left, top, right, bottom] = ['left', 'top', 'right', 'bottom'].map((side, n) =>
    Math.min(Number(inputs[side]), n % 2 ? height : width),
  ) as [number, number, number, number];
  // ComfyUI counts the far sides from 0, which in Python is the near side: so that is what it does.
  const near = (at: number, length: number) => (at < length ? (at + 1) / length : 1);
  const far = (at: number, size: number, length: number) => {
    const back = at === 0 ? 0 : size - at;
    return back < length ? (back + 1) / length : 1;
  };
  const columns = Array.from({ length: width }, (_, x) => near(x, left) * far(x, width, right));
  const rows = Array.from({ length: height }, (_, y) => near(y, top) * far(y, height, bottom));
  return {
    width,
    height,
    values: values.map(
      (value, n) =>
        value * (columns[n % width] as number) * (rows[Math.floor(n / width)] as number),
    ),
  };
}

const OPERATIONS: Record<string, (a: number, b: number) => number> = {
  multiply: (a, b) => a * b,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  and: (a, b) => Math.round(a) & Math.round(b),
  or: (a, b) => Math.round(a) | Math.round(b),
  xor: (a, b) => Math.round(a) ^ Math.round(b),
};

function combine({ destination, source, x, y, operation }: Inputs): Mask {
  const [under, over] = [destination as Mask, source as Mask];
  const apply = OPERATIONS[String(operation)] as (a: number, b: number) => number;
  const values = under.values.slice();
  for (let row = 0; row < over.height; row++) {
    for (let column = 0; column < over.width; column++) {
      const [px, py] = [column + Number(x), row + Number(y)];
      if (px >= under.width || py >= under.height) continue;
      const at = py * under.width + px;
      const value = apply(values[at] as number, over.values[row * over.width + column] as number);
      values[at] = Math.min(1, Math.max(0, value));
    }
  }
  return { ...under, values };
}

async function composite(inputs: Inputs): Promise<Picture> {
  const under = inputs.destination as Picture;
  const given = inputs.source as Picture;
  const over = inputs.resize_source ? await fitPicture(given, under.width, under.height) : given;
  const mask = inputs.mask as Mask | undefined;
  const [left, top] = [Number(inputs.x), Number(inputs.y)];
  const frames = under.frames.map((frame, n) => {
    const made = Buffer.from(frame);
    const source = over.frames[n % over.frames.length] as Buffer;
    for (let y = 0; y < over.height && y + top < under.height; y++) {
      for (let x = 0; x < over.width && x + left < under.width; x++) {
        const share = mask ? readMask(mask, x, y, over) : 1;
        const to = ((y + top) * under.width + x + left) * 3;
        const from = (y * over.width + x) * 3;
        for (let c = 0; c < 3; c++) {
          const [a, b] = [made[to + c] as number, source[from + c] as number];
          made[to + c] = Math.round(b * share + a * (1 - share));
        }
      }
    }
    return made;
  });
  return { ...under, frames };
}

// A mask of another size is stretched over the picture.
function readMask(mask: Mask, x: number, y: number, { width, height }: Picture): number {
  const column = Math.floor((x * mask.width) / width);
  const row = Math.floor((y * mask.height) / height);
  return mask.values[row * mask.width + column] as number;
}
