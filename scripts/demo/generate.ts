import { createWriteStream } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { styleText } from 'node:util';
import {
  type ShippedWorkflow,
  shippedWorkflows,
} from '../../src/services/generation/comfyui/workflows/shipped-workflows.ts';
import type { Call } from './account.ts';
import { follow } from './follow.ts';
import { isPicture, openPicture, paintPictures } from './pictures.ts';
import { Problem } from './problem.ts';
import { send } from './send.ts';
import { openFile, type Source, synthesiseSong } from './source.ts';
import { beginLine, formatLine, say } from './terminal.ts';
import { type Run, showRun } from './timeline.ts';
import type { Upload } from './track.ts';
import { formatSpan } from './units.ts';

/** What is to be generated: a workflow that comes with the product, with values and media for its parameters. */
export interface Wish {
  workflow: ShippedWorkflow;
  values: Record<string, unknown>;
  media: Record<string, Source>;
}

/** Without a name: those that run on any ComfyUI, one for a picture and one for a sound. */
const BY_DEFAULT = ['Gradient picture', 'Loop of a song'];

/** Reads `NAME key=value…`, where the value of a medium is a file. @throws Problem */
export async function readWishes(args: string[]): Promise<Wish[]> {
  const [name, ...pairs] = args;
  const wanted = name === undefined ? BY_DEFAULT : [name];
  return Promise.all(wanted.map((one) => readWish(findWorkflow(one), pairs)));
}

function findWorkflow(name: string): ShippedWorkflow {
  const found = shippedWorkflows.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const names = shippedWorkflows.map((one) => `"${one.name}"`).join(', ');
  throw new Problem(`There is no workflow "${name}". There are ${names}.`);
}

async function readWish(workflow: ShippedWorkflow, pairs: string[]): Promise<Wish> {
  const wish: Wish = { workflow, values: { ...workflow.example }, media: {} };
  for (const pair of pairs) {
    const [, name = '', text = ''] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
    const parameter = workflow.parameters.find((one) => one.name === name);
    if (!parameter) throw new Problem(`${pair} sets no parameter of "${workflow.name}".`);
    if (isMedium(parameter.type)) wish.media[name] = await openMedium(text);
    else wish.values[name] = parameter.type === 'STRING' ? text : readNumber(text);
  }
  for (const { name, type, required } of workflow.parameters) {
    if (required && isMedium(type)) wish.media[name] ??= await makeMedium(type);
  }
  return wish;
}

const isMedium = (type: string) => ['IMAGE', 'AUDIO', 'VIDEO'].includes(type);
const openMedium = (path: string) => (isPicture(path) ? openPicture(path) : openFile(path));

/** A medium of the demo's own. @throws Problem */
async function makeMedium(type: string): Promise<Source> {
  if (type === 'AUDIO') return synthesiseSong();
  const [picture] = type === 'IMAGE' ? await paintPictures() : [];
  if (!picture) throw new Problem('The demo has no video of its own: name one.');
  return picture;
}

function readNumber(text: string): unknown {
  if (/^(true|false)$/.test(text)) return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

/** Runs the workflows one after the other, shows what happened and fetches what was made. @throws Problem */
export async function demoGenerate(call: Call, project: string, wishes: Wish[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-generate-'));
  for (const wish of wishes) await generate(call, project, wish, folder);
}

async function generate(call: Call, project: string, wish: Wish, folder: string): Promise<void> {
  // Only administrators say what a workflow costs.
  const { models: _, example: __, creditCost: ___, ...workflow } = wish.workflow;
  say();
  say(styleText('bold', `  ${workflow.name}`));
  const stored = await call<{ id: string }>('POST', '/v1/comfyui/workflows', workflow);
  const parameters = { ...wish.values };
  for (const [name, source] of Object.entries(wish.media)) {
    parameters[name] = await upload(call, project, source);
  }
  const shown = Object.entries({ ...wish.values }).map(([name, value]) => `${name} ${value}`);
  for (const [name, { fileName }] of Object.entries(wish.media)) shown.push(`${name} ${fileName}`);
  say(formatLine('Parameters', shown.join(', ') || 'none'));
  const began = Date.now();
  const line = beginLine('Generating');
  const asked = { workflow: stored.id, project, parameters };
  const run = await call<Run>('POST', '/v1/comfyui/executions', asked);
  const done = await follow<Run>(call, `/v1/comfyui/executions/${run.id}`, (percent) =>
    line.show(percent / 100, `${percent} %`),
  ).catch((error: unknown) => {
    line.drop();
    throw error;
  });
  line.end('Generated', `${done.status} in ${formatSpan(Date.now() - began)}`);
  for (const path of await showRun(call, done)) await fetchFile(call, path, folder);
}

async function upload(call: Call, project: string, source: Source): Promise<string> {
  const { name, fileName, contentType, size } = source;
  const path = contentType.startsWith('image/') ? '/v1/images' : '/v1/audios';
  const declared = { project, name, fileName, contentType, size };
  const made = await call<{ id: string; upload: Upload }>('POST', path, declared);
  await send(made.upload, source, () => {});
  await follow(call, `${path}/${made.id}`, () => {});
  return made.id;
}

async function fetchFile(call: Call, medium: string, folder: string): Promise<void> {
  const { fileName } = await call<{ fileName: string }>('GET', medium);
  const { url } = await call<{ url: string }>('GET', `${medium}/file`);
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Problem(`S3 answered ${answer.status} for an output.`);
  const path = join(folder, fileName);
  await pipeline(answer.body as unknown as Readable, createWriteStream(path));
  say(formatLine('File', path));
}
