import type { Judged } from './check.ts';
import type { World } from './run-schedule.ts';

/** What so many schedules have come to. */
export interface Summary {
  add(world: World, judged: Judged): void;
  /** How many executions have completed: each was paid for. */
  completed(): number;
  /** What must not be, with the seed of its schedule. */
  faults(): string[];
  print(): void;
}

export function makeSummary(): Summary {
  const began = process.hrtime.bigint();
  const seeds: number[] = [];
  const faults: string[] = [];
  const ends: Record<string, number> = {};
  const struck: Record<string, number> = {};
  const count = (into: Record<string, number>, name: string, by = 1) => {
    if (by > 0) into[name] = (into[name] ?? 0) + by;
  };
  let [steps, hours] = [0, 0];
  return {
    add({ plan, pods, fates, steps: own, begun, clock }, judged) {
      seeds.push(plan.seed);
      steps += own;
      hours += (clock.now() - begun) / 3_600_000;
      for (const end of judged.ends) count(ends, end);
      for (const fault of judged.faults) {
        faults.push(`seed ${plan.seed}: ${fault}`);
        console.log(`seed ${plan.seed}: ${fault}`);
      }
      for (const pod of pods) for (const name of pod.happened()) count(struck, name);
      for (const { is } of plan.blows) count(struck, `blow: ${is}`);
      count(struck, 'worker killed', fates.killed);
      count(struck, 'worker stopped', fates.stopped);
    },
    completed: () => ends.COMPLETED ?? 0,
    faults: () => faults,
    print() {
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      console.table(ends);
      console.table(Object.fromEntries(Object.entries(struck).toSorted(([a], [b]) => (a < b ? -1 : 1))));
      console.log(
        `${seeds.length} schedules, seeds ${seeds[0]}–${seeds.at(-1)}, ${steps} steps of workers, ${hours.toFixed(0)} simulated hours, in ${seconds.toFixed(0)} s: ${faults.length} faults.`,
      );
    },
  };
}
