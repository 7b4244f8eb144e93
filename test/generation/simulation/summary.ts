import { RUN_STAGES } from '../../../src/models/generation/comfyui/workflow-execution.ts';
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
  /** How often what went wrong, by the stage of an execution. */
  const met: World['met'] = {};
  const count = (into: Record<string, number>, name: string, by = 1) => {
    into[name] = (into[name] ?? 0) + by;
  };
  let [steps, hours] = [0, 0];
  return {
    add({ plan, met: own, steps: taken, begun, clock }, judged) {
      seeds.push(plan.seed);
      steps += taken;
      hours += (clock.now() - begun) / 3_600_000;
      for (const end of judged.ends) count(ends, end);
      for (const fault of judged.faults) {
        faults.push(`seed ${plan.seed}: ${fault}`);
        console.log(`seed ${plan.seed}: ${fault}`);
      }
      for (const [what, stages] of Object.entries(own)) {
        met[what] ??= {};
        for (const [stage, times] of Object.entries(stages)) count(met[what], stage, times);
      }
    },
    completed: () => ends.COMPLETED ?? 0,
    faults: () => faults,
    print() {
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      console.table(ends);
      const rows = Object.entries(met).toSorted(([a], [b]) => (a < b ? -1 : 1));
      console.table(Object.fromEntries(rows), [...RUN_STAGES]);
      console.log(
        `${seeds.length} schedules, seeds ${seeds[0]}–${seeds.at(-1)}, ${steps} steps of workers, ${hours.toFixed(0)} simulated hours, in ${seconds.toFixed(0)} s: ${faults.length} faults.`,
      );
    },
  };
}
