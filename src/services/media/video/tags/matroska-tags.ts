import type { BoundedFile } from '../../bounded-file.ts';
import { readElementAt, readElements, readUnsigned } from '../containers/ebml.ts';

const [SEGMENT, INFO, TAGS, CLUSTER, SEEK_HEAD] = [
  ...[0x18538067, 0x1549a966, 0x1254c367, 0x1f43b675, 0x114d9b74],
];
const [TITLE, DATE] = [0x7ba9, 0x4461];
const [SEEK, SEEK_ID, SEEK_POSITION] = [0x4dbb, 0x53ab, 0x53ac];
const [TAG, SIMPLE_TAG, TAG_NAME, TAG_STRING] = [0x7373, 0x67c8, 0x45a3, 0x4487];

/** Elements looked at before the first cluster. */
const MOST_ELEMENTS = 100;
const MOST_BYTES = 4 * 1024 * 1024;
/** Milliseconds from 1970 to 2001, where its dates begin. */
const EPOCH = 978_307_200_000;

/**
 * Reads the texts in a WebM or Matroska file by their names, wherever the tags are (RFC 9559 §5.1).
 */
export async function readMatroskaTexts(file: BoundedFile): Promise<[key: string, text: string][]> {
  const header = await readElement(file, 0);
  const segment = header?.end ? await readElement(file, header.end) : null;
  if (!segment || segment.id !== SEGMENT) return [];
  const texts: [string, string][] = [];
  const seen = new Set<number>();
  const readTagsAt = async (at: number) => {
    const element = seen.has(at) ? null : await readElement(file, at);
    seen.add(at);
    if (element && element.id === TAGS) texts.push(...readTags(await loadBody(file, element)));
  };
  let at = segment.start;
  for (let count = 0; count < MOST_ELEMENTS && at < file.size; count++) {
    const element = await readElement(file, at);
    if (!element || element.id === CLUSTER || element.end === null) break;
    if (element.id === INFO) texts.push(...readInfo(await loadBody(file, element)));
    if (element.id === TAGS) await readTagsAt(at);
    if (element.id === SEEK_HEAD) {
      for (const position of readPositions(await loadBody(file, element)))
        await readTagsAt(segment.start + position);
    }
    at = element.end;
  }
  return texts;
}

async function readElement(file: BoundedFile, at: number) {
  const head = await file.read(at, 12);
  if (head.length < 2) return null;
  const { id, start, end } = readElementAt(head, 0);
  return { id, start: at + start, end: end === null ? null : at + end };
}

async function loadBody(
  file: BoundedFile,
  { start, end }: { start: number; end: number | null },
): Promise<Buffer> {
  const length = (end ?? start) - start;
  return length > MOST_BYTES ? Buffer.alloc(0) : file.read(start, length);
}

/** Where the tags are, from the start of the segment. */
function readPositions(seekHead: Buffer): number[] {
  return filterBy(seekHead, SEEK).flatMap((seek) => {
    const isOfTags = readUnsigned(findBody(seek, SEEK_ID)) === TAGS;
    return isOfTags ? (readUnsigned(findBody(seek, SEEK_POSITION)) ?? []) : [];
  });
}

function readInfo(info: Buffer): [string, string][] {
  const title = findBody(info, TITLE)?.toString('utf8');
  const date = findBody(info, DATE);
  const time = date?.length === 8 ? EPOCH + Number(date.readBigInt64BE() / 1_000_000n) : null;
  return [
    ...(title ? [['title', title] satisfies [string, string]] : []),
    ...(time !== null && Math.abs(time) < 8e15
      ? [
          ['creation_time', new Date(time).toISOString().replace('.000Z', 'Z')] satisfies [
            string,
            string,
          ],
        ]
      : []),
  ];
}

/** Zeros at the end; a match begins at the first of some, so that the end is not looked for from each. */
const ZEROS = /(?<!\0)\0+$/;

function readTags(tags: Buffer): [string, string][] {
  return filterBy(tags, TAG).flatMap((tag) =>
    filterBy(tag, SIMPLE_TAG).flatMap((simple): [string, string][] => {
      const [name, text] = [findBody(simple, TAG_NAME), findBody(simple, TAG_STRING)];
      return name && text
        ? [[name.toString('utf8'), text.toString('utf8').replace(ZEROS, '')]]
        : [];
    }),
  );
}

function filterBy(body: Buffer, id: number): Buffer[] {
  return readElements(body)
    .filter((element) => element.id === id)
    .map((element) => element.body);
}

function findBody(body: Buffer, id: number): Buffer | undefined {
  return readElements(body).find((element) => element.id === id)?.body;
}
