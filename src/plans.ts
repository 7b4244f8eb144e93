import Joi from 'joi';
import { jsonSetting } from './json-setting.ts';

/** How much an account may have or use. */
export interface PlanLimits {
  /** Of uploaded files, with former versions and what is in the trash. */
  bytes: number;
  /** Projects and media. */
  documents: number;
  /** Media whose files have not arrived. */
  uploads: number;
  /** Jobs that have not ended. */
  jobs: number;
  /** Minutes of media that are processed in a month. */
  minutes: number;
  /** Exports, and images made to measure, in a month. */
  renders: number;
  /** Credits that are held for paid work in a day. */
  credits: number;
  /** Calls a minute. */
  calls: number;
}

/** Plans by their names. */
export type Plans = Readonly<Record<string, PlanLimits>>;

/** What a plan allows of which it does not say how much. */
const GENEROUS: Omit<PlanLimits, 'calls'> = {
  bytes: 2e12,
  documents: 200_000,
  uploads: 10_000,
  jobs: 5000,
  minutes: 20_000,
  renders: 20_000,
  credits: 100_000,
};

/** Those that `src/sold.ts` sells allow so many times as much. */
const PLANS: Record<string, Partial<PlanLimits>> = {
  FREE: {},
  PRO: multiply(2),
  STUDIO: multiply(5),
};

const limit = Joi.number().min(0);

/**
 * JSON: `{"FREE": {"bytes": 1e10}, "PRO": {}}`. An account has the first one unless it has another. Each plan that
 * is sold has to be there.
 */
export const plansSchema = jsonSetting(
  Joi.object()
    .pattern(
      /^[A-Z][A-Z0-9_]{0,31}$/,
      Joi.object(
        Object.fromEntries([...Object.keys(GENEROUS), 'calls'].map((name) => [name, limit])),
      ),
    )
    .min(1)
    .max(20),
)
  .empty('')
  .default(PLANS);

/** @param calls so many a minute where a plan says nothing: as many as an address may make */
export function readPlans(given: Record<string, Partial<PlanLimits>>, calls: number): Plans {
  const plans = Object.entries(given).map(([name, own]) => [name, { ...GENEROUS, calls, ...own }]);
  return Object.freeze(Object.fromEntries(plans));
}

/** The names of what is sold of which no plan says how much it allows. */
export function findUnallowed(sold: { name: string }[], plans: object): string[] {
  return sold.map(({ name }) => name).filter((name) => !Object.hasOwn(plans, name));
}

function multiply(times: number): Partial<PlanLimits> {
  return Object.fromEntries(Object.entries(GENEROUS).map(([name, most]) => [name, most * times]));
}
