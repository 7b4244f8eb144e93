import Joi from 'joi';
import { explain } from './explain-faults.ts';
import { isPayable } from './services/payments/currency.ts';

/** In minor units of each currency; the first one is the one that is offered. */
type Amounts = Record<string, number>;

/** Credits that are bought once. */
export interface CreditPackage {
  name: string;
  credits: number;
  amounts: Amounts;
}

/** What is subscribed to: the allowances of the plan of that name, and credits for each period that is paid. */
export interface SubscriptionPlan extends CreditPackage {
  interval: 'MONTH' | 'YEAR';
}

const offer = {
  name: Joi.string()
    .pattern(/^[A-Z][A-Z0-9_]{0,31}$/)
    .required(),
  amounts: Joi.object()
    .pattern(/^[A-Z]{3}$/, Joi.number().integer().min(1))
    .min(1)
    .required()
    .custom((amounts: Amounts, { error }) => {
      const isRefused = ([currency, amount]: [string, number]) => !isPayable(amount, currency);
      return Object.entries(amounts).some(isRefused) ? error('amounts.last') : amounts;
    })
    .error(
      explain({ 'amounts.last': (name) => `${name}: those with three decimals must end in 0` }),
    ),
};

/** What can be bought once, unless the configuration says otherwise. */
const PACKAGES: CreditPackage[] = [
  { name: 'SMALL', credits: 100, amounts: { EUR: 500, USD: 500, GBP: 450, JPY: 800, KWD: 1700 } },
  {
    name: 'MEDIUM',
    credits: 500,
    amounts: { EUR: 2200, USD: 2200, GBP: 2000, JPY: 3600, KWD: 7500 },
  },
  {
    name: 'LARGE',
    credits: 2000,
    amounts: { EUR: 8000, USD: 8000, GBP: 7200, JPY: 13_000, KWD: 27_000 },
  },
];

/** What can be subscribed to, unless the configuration says otherwise. */
const SUBSCRIPTIONS: SubscriptionPlan[] = [
  {
    name: 'PRO',
    credits: 500,
    interval: 'MONTH',
    amounts: { EUR: 1900, USD: 1900, GBP: 1700, JPY: 3000, KWD: 6500 },
  },
  {
    name: 'STUDIO',
    credits: 2000,
    interval: 'MONTH',
    amounts: { EUR: 5900, USD: 5900, GBP: 5300, JPY: 9500, KWD: 20_000 },
  },
];

export const packagesSchema = Joi.array()
  .items(
    Joi.object({
      ...offer,
      name: Joi.string()
        .pattern(/^[A-Z0-9_]{1,64}$/)
        .required(),
      credits: Joi.number().integer().min(1).required(),
    }),
  )
  .unique('name')
  .default(PACKAGES);

export const subscriptionPlansSchema = Joi.array()
  .items(
    Joi.object({
      ...offer,
      credits: Joi.number().integer().min(0).required(),
      interval: Joi.valid('MONTH', 'YEAR').default('MONTH'),
    }),
  )
  .unique('name')
  .default(SUBSCRIPTIONS);
