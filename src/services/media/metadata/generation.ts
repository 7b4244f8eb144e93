import { parseJson } from './raw-json.ts';

/**
 * What generators of pictures, videos and songs write into their files. Texts as they stand there,
 * JSON included, whose numbers (seeds have 64 bits) would not survive to be parsed.
 */
export interface GenerationTags {
  /** `ComfyUI`, `A1111`, `InvokeAI`, `NovelAI`, `Fooocus`, `SwarmUI`; absent where none is sure. */
  generator?: string;
  /** What was asked for, or ComfyUI's graph of nodes. */
  prompt?: string;
  negativePrompt?: string;
  /** The graph as an editor opens it. */
  workflow?: string;
  parameters?: string;
  /** Which of these were too large to be kept. */
  omitted?: string[];
}

type Field = 'prompt' | 'negativePrompt' | 'workflow' | 'parameters';

/** Fields by the keys that generators give them, in lower case: a map, for a file may name its texts `constructor`. */
const FIELDS = new Map<string, Field>([
  ...(['prompt', 'workflow', 'parameters'] as const).map((name) => [name, name] as const),
  ['negative_prompt', 'negativePrompt'],
  ['negative prompt', 'negativePrompt'],
  // InvokeAI, in the order of its releases
  ['dream', 'prompt'],
  ['sd-metadata', 'parameters'],
  ['sd_metadata', 'parameters'],
  ['invokeai_metadata', 'parameters'],
  ['invokeai_workflow', 'workflow'],
  ['invokeai_graph', 'workflow'],
]);
const findField = (key: string) => FIELDS.get(key.toLowerCase());
/** Keys of texts for anybody, among them generators: comments and descriptions. */
const COMMENTS = [
  ...['usercomment', 'comment', 'description', 'imagedescription', 'title'],
  ...['\xa9cmt', 'desc', 'com.apple.quicktime.comment', 'com.apple.quicktime.description'],
];
/** Some write `workflow:{…}` into any field. */
const PREFIXED = /^(prompt|negative_prompt|workflow|parameters)\s*:\s*(?=[{[])/i;
/** As A1111 and its forks write: how their settings begin, and one of those that follow. */
const FIRST_SETTING = /(^|\n)Steps: \d+, /;
const LATER_SETTING = /Sampler|Seed|CFG/;

/** Bytes of UTF-8 of one text, and of all. */
interface Bounds {
  each: number;
  all: number;
}
/** What is kept with a medium. */
const KEPT: Bounds = { each: 64 * 1024, all: 96 * 1024 };
/** Characters that a comment may have to be looked into. */
const MOST_EXAMINED = 4 * 1024 * 1024;

/** Picks what a generator wrote from the texts in a file, by their keys; what is longer is omitted. */
export function pickGeneration(
  texts: Iterable<readonly [key: string, text: string]>,
  bounds = KEPT,
): GenerationTags {
  const found = new Map<Field, string>();
  const add = (field: Field | undefined, text: string) => {
    if (field && text.trim() && !found.has(field)) found.set(field, text);
  };
  const all = [...texts].filter(([, text]) => text.length <= MOST_EXAMINED);
  const isNovelAi = all.some(([key, text]) => isKey(key, 'software') && /NovelAI/i.test(text));
  for (const [key, text] of all) {
    const prefix = PREFIXED.exec(text);
    if (prefix) add(findField(prefix[1] ?? ''), text.slice(prefix[0].length));
    else if (findField(key)) add(findField(key), text);
    else if (isNovelAi && isKey(key, 'description')) add('prompt', text);
    else if (COMMENTS.includes(key.toLowerCase())) readComment(text, add);
  }
  if (found.size === 0) return {};
  const generator = isNovelAi ? 'NovelAI' : guessGenerator(all, found);
  return { ...(generator && { generator }), ...keepBounded(found, bounds) };
}

const isKey = (key: string, name: string) => key.toLowerCase() === name;

/** A comment may be the text of A1111, or an object with fields of its own. */
function readComment(text: string, add: (field: Field | undefined, text: string) => void): void {
  if (hasSettings(text)) {
    add('parameters', text);
    return;
  }
  const object = text.trimStart().startsWith('{') ? parseJson(text) : null;
  if (!object) return;
  const fields = Object.entries(object).filter(([key]) => findField(key));
  const isOfGraph = fields.some(([key]) => key === 'workflow') || 'class_type' in object;
  if (isOfGraph) {
    for (const [key, value] of fields) add(findField(key), toText(value));
  } else if (fields.length > 0 || SETTINGS.some((name) => name in object)) {
    add('parameters', text);
  }
}

/** Whether a text has the settings of A1111: in two steps, as one pattern would try each beginning with all that follows. */
function hasSettings(text: string): boolean {
  const first = FIRST_SETTING.exec(text);
  return first !== null && LATER_SETTING.test(text.slice(first.index + first[0].length));
}

/** Settings of NovelAI, SwarmUI and Draw Things. */
const SETTINGS = ['sui_image_params', 'steps', 'sampler', 'seed', 'c', 'uc'];

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function guessGenerator(
  texts: readonly (readonly [string, string])[],
  found: ReadonlyMap<Field, string>,
): string | undefined {
  const has = (pattern: RegExp) => texts.some(([key]) => pattern.test(key));
  const parameters = found.get('parameters') ?? '';
  if (has(/^(invokeai_|sd-metadata$|dream$)/i)) return 'InvokeAI';
  if (has(/^fooocus_scheme$/i)) return 'Fooocus';
  if (parameters.includes('"sui_image_params"')) return 'SwarmUI';
  if (/"class_type"\s*:/.test(found.get('prompt') ?? '')) return 'ComfyUI';
  if (/"(nodes|last_node_id)"\s*:/.test(found.get('workflow') ?? '')) return 'ComfyUI';
  return hasSettings(parameters) ? 'A1111' : undefined;
}

/** Leaves out what is too large: a graph that is cut is of no use. */
function keepBounded(found: ReadonlyMap<Field, string>, { each, all }: Bounds): GenerationTags {
  const kept: Partial<Record<Field, string>> = {};
  const omitted: Field[] = [];
  let bytes = 0;
  for (const [field, text] of found) {
    const clean = text.toWellFormed().replaceAll(UNWANTED, '');
    const size = Buffer.byteLength(clean);
    if (size > each || bytes + size > all) omitted.push(field);
    else {
      kept[field] = clean;
      bytes += size;
    }
  }
  return { ...kept, ...(omitted.length > 0 && { omitted }) };
}

/** Control characters except tabs and line breaks, and what changes the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const UNWANTED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\ufeff]/g;
