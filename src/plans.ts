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

const limit = Joi.number().min(0);

/** JSON: `{"FREE": {"bytes": 1e10}, "PRO": {}}`. An account has the first one unless it has another. */
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
).default({ FREE: {} });

/** @param calls so many a minute where a plan says nothing: as many as an address may make */
export function readPlans(given: Record<string, Partial<PlanLimits>>, calls: number): Plans {
  const plans = Object.entries(given).map(([name, own]) => [name, { ...GENEROUS, calls, ...own }]);
  return Object.freeze(Object.fromEntries(plans));
}
