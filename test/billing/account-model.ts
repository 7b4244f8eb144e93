import type { UUID } from '../../src/data/ids.ts';

export interface KnownJob {
  id: UUID;
  price: number;
  use: number;
  status: string;
}

/** An entry that was posted, and may be reversed once. */
interface KnownEntry {
  id: UUID;
  amount: number;
  isReversed: boolean;
}

/** An account as it has to be. */
export interface Model {
  account: UUID;
  available: number;
  held: number;
  debt: number;
  /** What expires when, the next first. */
  lots: { remaining: number; day: number }[];
  jobs: KnownJob[];
  entries: KnownEntry[];
}

export function emptyModel(account: UUID): Model {
  return { account, available: 0, held: 0, debt: 0, lots: [], jobs: [], entries: [] };
}

/** Credits come, or are spent: what expires first is spent first, and debt is paid at once. */
export function move(model: Model, amount: number): void {
  model.available += amount;
  if (amount < 0) takeFromLots(model, -amount);
  payDebt(model);
}

export function hold(model: Model, price: number): void {
  model.available -= price;
  model.held += price;
  payDebt(model);
}

/** A job ends that has used so much of its price. */
export function endHold(model: Model, price: number, use: number): void {
  model.held -= price;
  model.available += price - use;
  takeFromLots(model, use);
  payDebt(model);
}

/** What was spent already stays as a debt. */
export function takeBack(model: Model, amount: number): void {
  const there = Math.min(amount, model.available);
  model.debt += amount - there;
  model.available -= there;
  // What was lent is taken back with the rest.
  takeFromLots(model, amount);
}

export function expire(model: Model, day: number): void {
  for (const lot of model.lots.filter((one) => one.day <= day)) {
    const gone = Math.min(lot.remaining, model.available);
    lot.remaining -= gone;
    model.available -= gone;
  }
}

export function sumLots({ lots }: Model): number {
  return lots.reduce((sum, { remaining }) => sum + remaining, 0);
}

function payDebt(model: Model): void {
  const due = Math.min(model.debt, model.available);
  if (due === 0) return;
  model.debt -= due;
  model.available -= due;
  takeFromLots(model, due);
}

function takeFromLots(model: Model, amount: number): void {
  let due = amount;
  for (const lot of model.lots) {
    const taken = Math.min(due, lot.remaining);
    lot.remaining -= taken;
    due -= taken;
  }
}
