/** A moment in the life of this process, to measure from. */
export interface Moment {
  steady: number;
  wall: number;
}

/** Now, for `isWithin` to look back at. */
export function markMoment(): Moment {
  return { steady: performance.now(), wall: Date.now() };
}

/**
 * Whether less than `ms` have passed since a moment, by both clocks of this machine. The steady one
 * never jumps, but it may stand still while a Lambda is frozen or a laptop sleeps. The wall clock
 * goes on meanwhile, but it may be set. So a cache forgets too early at worst, and never keeps
 * something for longer.
 */
export function isWithin(moment: Moment, ms: number): boolean {
  const byWall = Date.now() - moment.wall;
  return performance.now() - moment.steady < ms && byWall >= 0 && byWall < ms;
}
