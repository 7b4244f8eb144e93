import type { BoundedFile } from '../../bounded-file.ts';
import { findChildren, findMovie, loadBody, type Span } from '../containers/mp4-spans.ts';

/** Bytes of one text: a graph of nodes may have some hundred thousand. */
const MOST_BYTES = 1024 * 1024;
/** The types of values that are text (QuickTime File Format, well-known types). */
const TEXT = [1, 4];
/** Seconds from 1904 to 1970. */
const EPOCH = 2_082_844_800;
/** Before this year clocks were not set. */
const FIRST_YEAR = 1990;

/**
 * Reads the texts in an MP4 or MOV by their keys: of iTunes (`ilst`), by name (`keys`) and those of
 * QuickTime (`udta`), and when it was made.
 */
export async function readMp4Texts(file: BoundedFile): Promise<[key: string, text: string][]> {
  const inMovie = await findChildren(file, await findMovie(file));
  const texts: [string, string][] = [];
  for (const box of inMovie.filter(({ name }) => name === 'meta'))
    texts.push(...(await readMeta(file, box)));
  for (const user of inMovie.filter(({ name }) => name === 'udta')) {
    for (const box of await findChildren(file, user)) {
      if (box.name === 'meta') texts.push(...(await readMeta(file, box)));
      else if (box.name.startsWith('\xa9')) texts.push(...(await readInternational(file, box)));
    }
  }
  const header = inMovie.find(({ name }) => name === 'mvhd');
  const created = header && readCreation(await loadBody(file, header));
  if (created) texts.push(['creation_time', created]);
  return texts;
}

async function readMeta(file: BoundedFile, meta: Span): Promise<[string, string][]> {
  // A full box in MP4, a plain one in QuickTime.
  const head = await file.read(meta.start, 8);
  const start = head.toString('latin1', 4, 8) === 'hdlr' ? meta.start : meta.start + 4;
  const boxes = await findChildren(file, { ...meta, start });
  const keys = boxes.find(({ name }) => name === 'keys');
  const names = keys ? readKeys(await loadBody(file, keys)) : [];
  const list = boxes.find(({ name }) => name === 'ilst');
  const texts: [string, string][] = [];
  for (const item of list ? await findChildren(file, list) : []) {
    if (item.end - item.start > MOST_BYTES) continue;
    const parts = await findChildren(file, item);
    const index = Buffer.from(item.name, 'latin1').readUInt32BE();
    const own = parts.find(({ name }) => name === 'name');
    const name = own ? (await loadBody(file, own)).toString('utf8', 4) : item.name;
    const data = parts.find((part) => part.name === 'data');
    const text = data && readValue(await loadBody(file, data));
    if (text) texts.push([names[index - 1] ?? name, text]);
  }
  return texts;
}

/** The names that the items of the list refer to by number. */
function readKeys(body: Buffer): string[] {
  const names: string[] = [];
  for (let at = 8; at + 8 <= body.length; ) {
    const size = body.readUInt32BE(at);
    if (size < 8 || at + size > body.length) break;
    names.push(body.toString('utf8', at + 8, at + size));
    at += size;
  }
  return names;
}

/** Type and locale come first. */
function readValue(body: Buffer): string | null {
  if (body.length <= 8 || !TEXT.includes(body.readUInt32BE(0) & 0xff_ffff)) return null;
  return body.toString('utf8', 8);
}

/** A text in some languages, of which the first is taken. */
async function readInternational(file: BoundedFile, box: Span): Promise<[string, string][]> {
  if (box.end - box.start > MOST_BYTES || box.end - box.start < 5) return [];
  const body = await loadBody(file, box);
  return [[box.name, body.toString('utf8', 4, 4 + body.readUInt16BE(0))]];
}

function readCreation(header: Buffer): string | null {
  const isWide = header[0] === 1;
  if (header.length < (isWide ? 12 : 8)) return null;
  const seconds = isWide ? Number(header.readBigUInt64BE(4)) : header.readUInt32BE(4);
  const date = new Date((seconds - EPOCH) * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < FIRST_YEAR) return null;
  return date.toISOString().replace('.000Z', 'Z');
}
