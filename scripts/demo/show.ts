import { styleText } from 'node:util';
import type { Call } from './account.ts';
import { listFacts } from './facts.ts';
import { follow } from './follow.ts';
import { Problem } from './problem.ts';
import { send } from './send.ts';
import type { Source } from './source.ts';
import { beginLine, countColumns, formatLine, say } from './terminal.ts';
import type { Track, Upload } from './track.ts';
import { formatBytes, formatSpan } from './units.ts';
import { drawWaveform, type Waveform } from './waveform.ts';

/** Uploads a song, shows its progress and prints what was found in it. @throws Problem */
export async function show(call: Call, project: string, source: Source): Promise<Track> {
  const { name, fileName, contentType, size } = source;
  say();
  say(styleText('bold', `  ${fileName}`));
  const declared = { project, name, fileName, contentType, size };
  const made = await call<Track & { upload: Upload }>('POST', '/v1/tracks', declared);
  await upload(made.upload, source);
  const track = await followProcessing(call, made.id);
  say();
  for (const [label, text] of listFacts(track)) say(formatLine(label, text));
  say();
  for (const line of drawWaveform(await fetchWaveform(call, made.id), countColumns() - 4))
    say(`  ${line}`);
  return track;
}

async function upload(to: Upload, source: Source): Promise<void> {
  const began = Date.now();
  const line = beginLine('Uploading');
  try {
    await send(to, source, (sent) =>
      line.show(sent / source.size, `${formatBytes(sent)} of ${formatBytes(source.size)}`),
    );
  } catch (error) {
    line.drop();
    throw error;
  }
  line.end(
    'Uploaded',
    `${formatBytes(source.size)} straight to S3 in ${formatSpan(Date.now() - began)}`,
  );
}

async function followProcessing(call: Call, id: string): Promise<Track> {
  const began = Date.now();
  const line = beginLine('Processing');
  try {
    const track = await follow<Track>(call, `/v1/tracks/${id}`, (percent) =>
      line.show(percent / 100, `${percent} %`),
    );
    line.end('Processed', `${track.status} in ${formatSpan(Date.now() - began)}`);
    return track;
  } catch (error) {
    line.drop();
    throw error;
  }
}

async function fetchWaveform(call: Call, id: string): Promise<Waveform> {
  const { url } = await call<{ url: string }>('GET', `/v1/tracks/${id}/derivatives/waveform`);
  const answer = await fetch(url);
  if (!answer.ok) throw new Problem(`S3 answered ${answer.status} for its waveform.`);
  return (await answer.json()) as Waveform; // a derivative of ours
}
