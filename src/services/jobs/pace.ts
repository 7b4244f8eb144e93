/** How fast a run is, and how long it still takes. */
export interface Pace {
  /** In percent a second. */
  rate: number;
  secondsLeft: number;
}

/** Over how long the pace is measured, in ms: the stages of a job differ. */
const WINDOW = 30_000;

/** Measures the pace of a run by the progress that it notes. @param now ms of a steady clock */
export function measurePace(from: number, now = () => performance.now()) {
  const steps = [{ at: now(), percent: from }];
  return {
    note(percent: number): void {
      if (percent <= (steps.at(-1)?.percent ?? 0)) return;
      steps.push({ at: now(), percent });
      // One step before the window stays: what is measured from.
      while (steps[1] && now() - steps[1].at > WINDOW) steps.shift();
    },
    /** Undefined fields where nothing is known yet. */
    read(): Partial<Pace> {
      const [first, last] = [steps[0], steps.at(-1)];
      if (!first || !last || last.percent <= first.percent) return {};
      const seconds = (now() - first.at) / 1000;
      if (seconds <= 0) return {};
      const rate = (last.percent - first.percent) / seconds;
      const left = Math.ceil((100 - last.percent) / rate);
      return { rate: Math.round(rate * 1000) / 1000, secondsLeft: left };
    },
  };
}
