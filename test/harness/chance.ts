export type Chance = ReturnType<typeof makeChance>;

/** A seeded source of chance, so that a run can be repeated: it tells its seed. */
export function chance(seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31)): Chance {
  console.log(`seed ${seed}`);
  return makeChance(seed);
}

/** The same, where the test tells the seed itself. */
export function makeChance(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, below: (n: number) => Math.floor(next() * n) };
}
