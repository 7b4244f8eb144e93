// `npm run bench:media [-- --rounds 5] [FILE…]`: measures what processing each kind of media costs,
// beside ffmpeg or sharp alone doing the same. With songs as arguments: how correct their facts
// are, too. Compare the ratios; absolute times depend on the machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from '../bench/media/accuracy.ts';
import { measureEndToEnd } from '../bench/media/end-to-end.ts';
import { makeInputs } from '../bench/media/inputs.ts';
import { compare } from '../bench/media/kinds.ts';
import { readDeployment } from '../src/local/cloud.ts';
import { toStderr } from '../src/local/log.ts';
import { ffmpeg as tool } from '../src/local/tools/ffmpeg.ts';
import { find } from '../src/local/tools/find.ts';
import { formatTable } from './docs/markdown.ts';

/** A GB and second of x86 in us-east-1. Source: aws.amazon.com/lambda/pricing. */
const PRICE = 0.000_016_666_7;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const ffmpeg = await find(tool, toStderr);
const folder = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
try {
  if (positionals.length > 0) await measureSongs(positionals);
  else await compareKinds();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function compareKinds(): Promise<void> {
  const deployment = readDeployment(new URL('..', import.meta.url).pathname);
  const memory =
    deployment.functions.find(({ name }) => name === 'runMediaJobs')?.memory ?? Number.NaN;
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}, Node ${process.version}\n`);
  const inputs = await makeInputs(ffmpeg, folder);
  const rows: string[][] = [];
  for (const input of inputs) {
    const it = await compare(input, { ffmpeg, folder, rounds });
    const cost = ((memory / 1024) * it.ours * PRICE) / (input.minutes ?? 1);
    rows.push([
      input.title,
      it.ours.toFixed(2),
      it.floor.toFixed(2),
      it.ratio.toFixed(2),
      it.first.toFixed(2),
      input.minutes
        ? `${((input.minutes * 60) / it.ours).toFixed(1)} × real time`
        : formatRate(it.ours),
      it.peak.toFixed(0),
      `$${cost.toFixed(6)} ${input.minutes ? 'a minute' : 'each'}`,
    ]);
  }
  const heads = ['', 'ours, s', 'floor, s', 'ours ÷ floor', 'first derivative, s'];
  console.log(formatTable([...heads, 'throughput', 'peak MB', `cost at ${memory} MB`], rows));
  console.log('\nFrom the answer to the last byte, through all of `npm start`:\n');
  const whole = (await measureEndToEnd(inputs, rounds)).map(({ title, first, ready }) => [
    title,
    first.toFixed(2),
    ready.toFixed(2),
  ]);
  console.log(formatTable(['', 'first derivative, s', 'READY, s'], whole));
  const [after = 0] = loadavg();
  console.log(`\nLoad at the end: ${after.toFixed(1)}, of which about one is this run.`);
}

function formatRate(seconds: number): string {
  return `${(60 / seconds).toFixed(0)} a minute`;
}

async function measureSongs(files: string[]): Promise<void> {
  console.log('song | seconds | duration off | LUFS off | true peak off | time ÷ ffmpeg alone');
  for (const file of files) {
    const m = await measure(ffmpeg, file, rounds);
    const off = (n: number) => (n >= 0 ? '+' : '') + n.toFixed(3);
    const cells = [m.file, m.seconds.toFixed(2), off(m.durationOff), off(m.lufsOff)];
    console.log([...cells, off(m.truePeakOff), m.ratio.toFixed(2)].join(' | '));
  }
}
