import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import type { Stored } from '../../src/data/entity.ts';
import { newId } from '../../src/data/ids.ts';
import { appendEvents } from '../../src/services/audit/append.ts';
import { makeCheckpoint } from '../../src/services/audit/checkpoints.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { makeEvents } from '../audit/make-events.ts';
import { raiseStorm } from '../harness/audit-storm.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const ctx = systemCtx('test');

const KILLS = Number(process.env.KILLS ?? 50);

test(`of 64 writers with 100 writes each, over 1,000 subjects, each committed write has its one entry, though processes are killed ${KILLS} times`, async () => {
  const writing = { processes: 4, writers: 16 };
  const outcome = await raiseStorm({ writing, writes: 6400, subjects: 1000, kills: KILLS });
  console.log(`${outcome.entries} entries, ${KILLS} processes killed`);
  expect(outcome.uneven).toEqual([]);
  expect(outcome.entries).toBeGreaterThanOrEqual(6400 + 1000);
  expect(outcome.report).toMatchObject({ entries: outcome.entries, faults: [] });
});

const ENTRIES = Number(process.env.ENTRIES ?? 100_000);

test(`${ENTRIES} untouched entries verify, 20,000 or more a second`, async () => {
  const before = (await verifyAudit(ctx)).entries;
  const began = performance.now();
  for (let n = 0; n < ENTRIES; n += 2000) {
    const events = Array.from({ length: 200 }, () => makeEvents(newId(Date.now()), 10)).flat();
    await appendEvents(
      ctx,
      events.map(({ event }) => event as Stored),
    );
  }
  const appended = performance.now();
  await makeCheckpoint(ctx);
  const verifying = performance.now();
  const report = await verifyAudit(ctx);
  const seconds = (performance.now() - verifying) / 1000;
  console.log(
    `appended ${Math.round(ENTRIES / ((appended - began) / 1000))} a second, ` +
      `verified ${Math.round(report.entries / seconds)} a second`,
  );
  expect(report).toMatchObject({
    entries: before + ENTRIES,
    covered: before + ENTRIES,
    faults: [],
  });
  expect(report.entries / seconds).toBeGreaterThan(20_000);
});
