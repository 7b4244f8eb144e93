import Joi from 'joi';
import { jsonSetting } from './json-setting.ts';

/** What a job of a type costs, in credits; a price of a unit is for each of it. Fractions are rounded up at the end. */
export interface JobPrice {
  /** Whatever it does. */
  job?: number;
  minute?: number;
  /** Of pictures: a thousand million pixels, in all frames together. */
  gigapixel?: number;
  gigabyte?: number;
  gpuSecond?: number;
  thousandTokens?: number;
}

/** The prices from one time on, until the next version. */
export interface PriceList {
  version: string;
  from: Date;
  /** By job type: those that are not there cost nothing. */
  prices: Readonly<Record<string, JobPrice>>;
}

const amount = Joi.number().min(0).max(1e9);
const price = Joi.object({
  job: amount,
  minute: amount,
  gigapixel: amount,
  gigabyte: amount,
  gpuSecond: amount,
  thousandTokens: amount,
});

/** JSON: `[{"version": "2026-01", "from": "2026-01-01T00:00:00Z", "prices": {"export": {"minute": 0.5}}}]`. */
export const pricesSchema = jsonSetting(
  Joi.array()
    .items(
      Joi.object({
        version: Joi.string().max(64).required(),
        from: Joi.date().iso().required(),
        prices: Joi.object()
          .pattern(/^[a-z][a-z-]{0,63}$/, price)
          .required(),
      }),
    )
    .unique('version')
    .unique('from'),
).default([]);

/** Sorts versions by their beginning, behind one in which nothing has a price. */
export function sortPrices(given: PriceList[]): readonly PriceList[] {
  const free = { version: 'free', from: new Date(0), prices: {} };
  return [free, ...given].toSorted((a, b) => a.from.getTime() - b.from.getTime());
}
