import { type Document, listOperations } from './document.ts';
import type { Report } from './schemathesis.ts';

/** Lists what is wrong with a run, one line each. */
export function listFaults({ operations, phases, failures, errors }: Report): string[] {
  const { total = 0, tested = 0 } = operations ?? {};
  const skipped = Object.entries(phases ?? {}).filter(([, { status }]) => status === 'skip');
  return [
    ...(total === 0 || tested < total ? [`only ${tested} of ${total} operations were tested`] : []),
    ...skipped.map(([phase, { skip_reason }]) => `the phase ${phase} did not run: ${skip_reason}`),
    ...failures.map(({ title, count, operations: at }) => `${count} × ${title}: ${at.join(', ')}`),
    ...errors.map(({ title, count }) => `${count} × ${title}`),
  ];
}

/**
 * Finds the operations that accepted no request, usually because what they work on does not exist.
 * Operations that only answer 501 are left out.
 */
export function findUnreached({ valid_rates }: Report, document: Document): string[] {
  return listOperations(document)
    .filter(({ operation }) => Object.keys(operation.responses).some((s) => s.startsWith('2')))
    .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    .filter((name) => {
      const phases = Object.values(valid_rates[name] ?? {});
      return phases.length > 0 && phases.every(({ accepted }) => accepted === 0);
    });
}

/** Summarises a run in one line, with its faults below. */
export function summarise(who: string, report: Report, seconds: number): string {
  const { operations, phases, test_cases } = report;
  const faults = listFaults(report);
  const ran = Object.keys(phases ?? {}).join(', ');
  const line = `${test_cases.generated} cases of ${operations?.tested} operations (${ran}) in ${seconds} s`;
  const verdict = faults.length === 0 ? 'no failure' : 'failures:';
  return [`${who.padEnd(6)} ${line}: ${verdict}`, ...faults.map((f) => `       ${f}`)].join('\n');
}
