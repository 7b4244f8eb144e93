import { config } from '../../config.ts';
import { invalid } from '../../errors.ts';

/** What a payment is for, at the price of now: it keeps these, whatever becomes of the package. */
export interface Price {
  package: string;
  credits: number;
  amount: number;
  currency: string;
}

/** Finds the price of a package. @throws AppError VALIDATION_FAILED */
export function findPrice(name: string, currency?: string): Price {
  const found = config.creditPackages.find((one) => one.name === name);
  if (!found) throw invalid([{ path: 'package', message: `is none of ${listNames()}` }]);
  const [first] = Object.keys(found.amounts) as [string];
  const asked = currency ?? first;
  const amount = found.amounts[asked];
  if (amount === undefined) {
    const message = `is not sold here; there are ${Object.keys(found.amounts).join(', ')}`;
    throw invalid([{ path: 'currency', message }]);
  }
  return { package: name, credits: found.credits, amount, currency: asked };
}

function listNames(): string {
  return config.creditPackages.map(({ name }) => name).join(', ');
}
