import '../harness/place.ts';
import { writeFile } from 'node:fs/promises';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getClient } from '../../src/providers/s3-client.ts';
import { fillChains, TAMPERINGS } from '../audit/tamperings.ts';
import { place } from '../harness/place.ts';
import { run } from '../scripts/run.ts';

place({ worker: false });

const DOCUMENT = 'docs/audit-tampering.md';

/** Writes the first checkpoint over the last, and cuts off what that one alone tells of. */
async function putBackCheckpoint(): Promise<void> {
  const [s3, Bucket] = [await getClient(), process.env.AUDIT_BUCKET as string];
  const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'checkpoints/' }));
  const keys = (listed.Versions ?? []).flatMap(({ Key }) => Key ?? []).toSorted();
  const first = await s3.send(new GetObjectCommand({ Bucket, Key: keys[0] as string }));
  const Body = await first.Body?.transformToString();
  await s3.send(new PutObjectCommand({ Bucket, Key: keys.at(-1) as string, Body }));
  await TAMPERINGS['cuts off the end, of before the last checkpoint']?.tamper();
}

/** What is done, and what the verifier must say. The last one stays: a checkpoint cannot be taken away. */
const NINE: [string, RegExp, (() => Promise<unknown>)?][] = [
  ['edits an entry', /^Chain 3, entry 5: .*is not as it was written/m],
  ['deletes an entry', /^Chain 3, entry 5: it is missing/m],
  ['cuts off the end, of before the last checkpoint', /^Chain 3, entry 18: 18 to 20 are missing/m],
  ['exchanges two entries', /^Chain 3, entry 5: /m],
  ['edits an entry, and chains all after it anew without the key', /^Chain 3, entry 5: /m],
  ['exchanges two chains', /^Chain 3, entry 1: .*^Chain 11, entry 1: /ms],
  ['inserts an entry in between, and counts on after it', /^Chain 3, entry 6: /m],
  ['empties the collection', /^Chain 3, entry 1: 1 to 20 are missing.*^Chain 11, entry 1: /ms],
  [
    'puts back an old checkpoint, and cuts off the end',
    /^Checkpoint .* was overwritten.*^Chain 3, entry 18: 18 to 20 are missing/ms,
    putBackCheckpoint,
  ],
];

const sections: string[] = [];
let putBack: () => Promise<void>;

/** What the command prints, as a terminal shows it. */
async function verify(): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await run('audit', ['verify']);
  return { code, text: `$ npm run audit -- verify\n${stdout}${stderr}$ echo $?\n${code}` };
}

beforeAll(async () => {
  putBack = await fillChains();
});

test.each(NINE)('the command names the place where somebody %s', async (what, names, tamper) => {
  const before = await verify();
  expect(before.code, before.text).toBe(0);
  await (tamper ?? TAMPERINGS[what]?.tamper)?.();
  const after = await verify();
  expect(after.code).toBe(1);
  expect(after.text).toMatch(names);
  const shown = [before, after].map(({ text }) => `\`\`\`\n${text}\n\`\`\``);
  sections.push(`## He ${what}\n\nBefore, and after:\n\n${shown.join('\n\n')}`);
  await putBack();
});

afterAll(async () => {
  if (!process.env.WRITE_TABLE) return;
  const intro = `# What the verifier says of an audit log that was tampered with

Somebody who may do everything in the database, and has none of the keys, does nine things to two
[chains](ARCHITECTURE.md#writes-and-their-audit) of 21 entries. The first checkpoint was made behind entry 15 of each, and
the second behind entry 20; entry 21 is in none so far. \`npm run test:tampering\` writes this file.`;
  await writeFile(DOCUMENT, `${[intro, ...sections].join('\n\n')}\n`);
});
