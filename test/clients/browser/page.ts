// What a page does with the API: it is opened in Chromium, from another origin.
import Hls from 'hls.js';
// What docs/uploads.md shows.
import { uploadWithUppy } from 'uppy-adapter';
import Uppy5 from 'uppy5';
import Uppy6 from 'uppy6';
import WaveSurfer from 'wavesurfer.js';
import { lookAtFilm } from './film.ts';
import { recordCanvas, recordMicrophone } from './record.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is tried here, not typed
type Json = Record<string, any>;
type Kind = 'tracks' | 'images' | 'videos' | 'audios';

const api = new URLSearchParams(location.search).get('api');
const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const result: Json = {};
let token: string | undefined;

async function call(method: string, path: string, body?: Json): Promise<Json> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(api + path, { method, headers, body: JSON.stringify(body) ?? null });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${json.detail}`);
  return { ...json, httpStatus: answer.status };
}

function log(text: string): void {
  find('log').textContent += `${text}\n`;
}

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`${what} did not come.`);
}

/** Uploads files by an Uppy, whichever its release. Answers the media, and how often progress came. */
async function upload(
  Uppy: typeof Uppy5 | typeof Uppy6,
  kind: Kind,
  files: File[],
  more: Json,
): Promise<Json[]> {
  const uppy = new Uppy({ autoProceed: false });
  uploadWithUppy(uppy, call, kind, ({ name, type, size }: File) => ({
    ...{ name, fileName: name, contentType: type, size },
    ...more,
  }));
  let steps = 0;
  const bar = find<HTMLProgressElement>(Uppy === Uppy6 ? 'uppy6' : 'uppy5');
  uppy.on('upload-progress', () => steps++);
  uppy.on('progress', (percent: number) => {
    bar.value = percent;
  });
  for (const file of files) uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful = [], failed = [] } = (await uppy.upload()) ?? {};
  if (failed[0]) throw new Error(`${failed[0].name} failed: ${failed[0].error}`);
  log(`${files.length} of ${kind} uploaded, with ${steps} steps of progress`);
  result[`steps ${Uppy === Uppy6 ? 6 : 5} ${kind}`] = steps;
  return successful.map((file: Json) => file.response.body);
}

async function waitFor(kind: Kind, { id }: Json): Promise<Json> {
  const done = await until(`${kind} ${id}`, async () => {
    const medium = await call('GET', `/v1/${kind}/${id}?include=urls`);
    return (medium.status === 'READY' || medium.status === 'FAILED') && medium;
  });
  log(`${kind}: ${done.status} ${done.error?.message ?? ''}`);
  if (done.status !== 'READY') throw new Error(`${kind}: ${JSON.stringify(done.error)}`);
  return done;
}

async function plays(media: HTMLMediaElement): Promise<number> {
  media.muted = true;
  await media.play();
  return until(`playing of ${media.id}`, async () => media.currentTime > 0.3 && media.currentTime);
}

async function drawPicture(name: string, hue: number): Promise<File> {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 400 });
  const paint = canvas.getContext('2d') as CanvasRenderingContext2D;
  const colours = paint.createLinearGradient(0, 0, 640, 400);
  colours.addColorStop(0, `hsl(${hue} 80% 60%)`);
  colours.addColorStop(1, `hsl(${hue + 60} 80% 40%)`);
  paint.fillStyle = colours;
  paint.fillRect(0, 0, 640, 400);
  return toPicture(canvas, name);
}

async function toPicture(canvas: HTMLCanvasElement, name: string): Promise<File> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  return new File([blob as Blob], name, { type: 'image/png' });
}

/** Red, lime, blue and white, in the quarters. */
async function drawQuad(): Promise<File> {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const paint = canvas.getContext('2d') as CanvasRenderingContext2D;
  for (const [n, colour] of ['red', 'lime', 'blue', 'white'].entries()) {
    paint.fillStyle = colour;
    paint.fillRect(320 * (n % 2), n < 2 ? 0 : 180, 320, 180);
  }
  return toPicture(canvas, 'quad.png');
}

/** Exports a song with a picture as an MP4. Answers how the browser plays it. */
async function playExport(song: File): Promise<Json> {
  const { id: project } = await call('POST', '/v1/projects', { name: 'A film' });
  const [track = {}] = await upload(Uppy6, 'tracks', [song], { project });
  const [image = {}] = await upload(Uppy6, 'images', [await drawQuad()], { project });
  await waitFor('tracks', track);
  await waitFor('images', image);
  const picture = { type: 'SLIDESHOW', motion: 'NONE' };
  const settings = { resolution: 360, fps: 30, picture };
  const { id } = await call('POST', '/v1/exports', { project, format: 'MP4', settings });
  const made = await until('the export', async () => {
    const one = await call('GET', `/v1/exports/${id}?wait=10`);
    return ['COMPLETED', 'FAILED'].includes(one.status) && one;
  });
  const { url } = await call('GET', `/v1/exports/${id}/file`);
  const film = find<HTMLVideoElement>('film');
  film.crossOrigin = 'anonymous'; // else a canvas that it is drawn on may not be read
  film.src = url;
  await plays(film);
  return { ...(await lookAtFilm(film)), wanted: made.durationSeconds };
}

async function run(): Promise<void> {
  const username = `page-${Math.random().toString(36).slice(2, 10)}`;
  const account = { username, email: `${username}@example.com`, password: 'three blind mice' };
  token = (await call('POST', '/v1/auth/register', account)).accessToken;
  const { id: project } = await call('POST', '/v1/projects', { name: 'A page' });
  log('signed up');

  const song = new File([await (await fetch('song.wav')).blob()], 'song.wav', {
    type: 'audio/wav',
  });
  const [track = {}] = await upload(Uppy6, 'tracks', [song], { project });
  const pictures = await Promise.all([10, 130, 250].map((hue) => drawPicture(`${hue}.png`, hue)));
  const images = await upload(Uppy5, 'images', pictures, { project });
  // Above 64 MiB it goes in parts.
  const zeros = new File([song.slice(0, 44), new Uint8Array(65 * 2 ** 20)], 'long.wav', {
    type: 'audio/wav',
  });
  const [long = {}] = await upload(Uppy5, 'audios', [zeros], { project });
  result.long = (await call('GET', `/v1/audios/${long.id}`)).status;

  const recorded = await recordCanvas(find<HTMLCanvasElement>('canvas'));
  const [video = {}] = await upload(Uppy6, 'videos', [recorded], { project });
  const { components } = await call('GET', '/v1/openapi.json');
  const taken: string[] = components.schemas.CreateAudio.properties.contentType.enum;
  const types = ['audio/webm', 'audio/mp4'].filter((type) => taken.includes(type));
  const voices: File[] = [];
  for (const type of types) voices.push(await recordMicrophone(type));
  const recordings = await upload(Uppy6, 'audios', voices, { project });

  const ready = await waitFor('tracks', track);
  const preview = find<HTMLAudioElement>('preview');
  preview.src = ready.urls.preview;
  result.preview = await plays(preview);

  const waveform = await (await fetch(ready.urls.waveform)).json();
  const peaks = [waveform.data.map((value: number) => value / 2 ** (waveform.bits - 1))];
  const wave = WaveSurfer.create({ container: '#waveform', height: 72, waveColor: '#5b6ee1' });
  await wave.load('', peaks, ready.audio.durationSeconds);
  result.waveform = wave.exportPeaks()[0]?.some((value) => Math.abs(Number(value)) > 0.1);

  for (const image of images) await waitFor('images', image);
  const page = await call('GET', '/v1/images?include=urls');
  for (const { urls } of page.data) {
    const image = find('images').appendChild(new Image());
    image.src = urls.thumbnail;
    await image.decode();
  }
  result.images = [...document.images].map((image) => image.naturalWidth);

  const film = await waitFor('videos', video);
  result.video = film.video.durationSeconds;
  result.voices = [];
  for (const voice of recordings) {
    result.voices.push((await waitFor('audios', voice)).audio.durationSeconds);
  }

  await call('POST', `/v1/videos/${video.id}/stream`);
  const statuses = new Set<number>();
  const link = await until('the stream', async () => {
    const answer = await call('GET', `/v1/videos/${video.id}/stream`);
    statuses.add(answer.httpStatus);
    return answer.httpStatus === 200 && answer;
  });
  result.streamStatuses = [...statuses];
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_, { details }) => log(`hls.js: ${details}`));
  hls.loadSource(link.url);
  hls.attachMedia(find<HTMLVideoElement>('stream'));
  result.stream = await plays(find<HTMLVideoElement>('stream'));
  result.film = await playExport(song);
  log('all is played and shown');
}

run().then(
  () => {
    document.title = 'done';
  },
  (error: Error) => {
    result.error = String(error.stack ?? error);
    document.title = 'failed';
  },
);
Object.assign(window, { result });
