import Joi from 'joi';
import type { Hdr } from './containers/container.ts';
import type { Size } from './picture.ts';

/** The size of decoded frames, as shown, and their transfer function. */
export interface Shape extends Size {
  hdr: Hdr;
}

/** Input schema of a shape, which is detected once and passed to the jobs that encode the video. */
export const shapeInput = Joi.object<Shape>({
  width: Joi.number().integer().min(1).required(),
  height: Joi.number().integer().min(1).required(),
  hdr: Joi.valid('PQ', 'HLG', null).default(null),
}).options({ stripUnknown: true });
