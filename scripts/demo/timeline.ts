import type { Call } from './account.ts';
import { formatLine, say } from './terminal.ts';
import { formatBytes } from './units.ts';

/** The fields of an execution that the demo reads. */
export interface Run {
  id: string;
  job: string;
  status: string;
  progress: number;
  createdAt: string;
  queuedSeconds?: number;
  runSeconds?: number;
  outputs?: { image?: string; audio?: string; video?: string; track?: string }[];
}

interface LogLine {
  at: string;
  level: string;
  event: string;
  node?: string;
  message?: string;
}

interface Job {
  quote?: number;
  result?: { cost?: number };
}

interface Usage {
  gpuSeconds?: number;
  vramTotal?: number;
}

interface Lineage {
  medium: { lineage: Record<string, unknown> | null };
  sources: { name: string | null }[];
}

/** Shows the timeline, the cost and the lineage of a run. @returns the paths of the media that it made */
export async function showRun(call: Call, run: Run): Promise<string[]> {
  const logs = `/v1/comfyui/executions/${run.id}/logs?sort=createdAt&limit=100`;
  const { data: lines } = await call<{ data: LogLine[] }>('GET', logs);
  say();
  for (const line of lines.toSorted(byTime)) say(formatLogLine(line, Date.parse(run.createdAt)));
  say();
  await showCost(call, run);
  const media = (run.outputs ?? []).flatMap(listPaths);
  for (const medium of media) await showLineage(call, medium);
  return media;
}

const byTime = (a: LogLine, b: LogLine) => Date.parse(a.at) - Date.parse(b.at);

/** `+0.42 s  executing  node 3` */
function formatLogLine({ at, event, node, message }: LogLine, began: number): string {
  const seconds = ((Date.parse(at) - began) / 1000).toFixed(2);
  const rest = [node && `node ${node}`, message].filter(Boolean).join('  ');
  return formatLine(`+${seconds} s`, `${event.padEnd(20)} ${rest}`.trimEnd());
}

async function showCost(call: Call, run: Run): Promise<void> {
  const job = await call<Job>('GET', `/v1/jobs/${run.job}`);
  const path = `/v1/comfyui/resource-usage?execution=${run.id}`;
  const { data: usages } = await call<{ data: Usage[] }>('GET', path);
  const { balance } = await call<{ balance: number }>('GET', '/v1/credits');
  const { quote = 0, result } = job;
  const spent = result?.cost ?? quote;
  say(formatLine('Cost', `${spent} of ${quote} credits held were spent, ${balance} are left`));
  for (const { gpuSeconds, vramTotal } of usages) {
    const memory = vramTotal ? `, of a device with ${formatBytes(vramTotal)}` : '';
    say(formatLine('Device', `${(gpuSeconds ?? 0).toFixed(2)} s${memory}`));
  }
}

function listPaths({ image, audio, video, track }: NonNullable<Run['outputs']>[number]): string[] {
  return [
    image && `/v1/images/${image}`,
    audio && `/v1/audios/${audio}`,
    video && `/v1/videos/${video}`,
    track && `/v1/tracks/${track}`,
  ].filter((path): path is string => typeof path === 'string');
}

async function showLineage(call: Call, path: string): Promise<void> {
  const { medium, sources } = await call<Lineage>('GET', `${path}/lineage`);
  const { revision, graphHash, seeds, models, node } = medium.lineage ?? {};
  const told = [
    `node ${node} of revision ${revision}, graph ${String(graphHash).slice(0, 12)}…`,
    ...(seeds && Object.keys(seeds).length > 0 ? [`seeds ${JSON.stringify(seeds)}`] : []),
    ...(Array.isArray(models) && models.length > 0 ? [`models ${models.join(', ')}`] : []),
    ...(sources.length > 0 ? [`made from ${sources.map(({ name }) => name).join(', ')}`] : []),
  ];
  say(formatLine('Lineage', told.join('; ')));
}
