import Joi from 'joi';
import type { Hdr } from './containers/container.ts';
import type { Size } from './picture.ts';

/** What the decoder shows of a video's pictures: their size as shown, and how light is coded. */
export interface Shape extends Size {
  hdr: Hdr;
}

/** A shape in the input of a job: found once, when the video is processed, and not again by each encoder. */
export const shapeInput = Joi.object<Shape>({
  width: Joi.number().integer().min(1).required(),
  height: Joi.number().integer().min(1).required(),
  hdr: Joi.valid('PQ', 'HLG', null).default(null),
}).options({ stripUnknown: true });
