import { X509Certificate } from 'node:crypto';
import { decode } from 'cborg';
import type { BoundedFile } from '../bounded-file.ts';
import { cleanText } from './clean-text.ts';
import { type JumbfBox, readJumbf } from './jumbf.ts';
import type { Part } from './parts.ts';
import { readTerm } from './source-type.ts';

/** What the content credentials (C2PA) in a file say. Whether they are valid is not checked. */
export interface Credentials {
  /** The program that made the claim. */
  generator?: string;
  title?: string;
  /** What was done, as C2PA names it: `c2pa.created`. */
  actions?: string[];
  /** The term of IPTC's list. */
  digitalSourceType?: string;
  /** Whom the certificate names that the claim is signed by. */
  signedBy?: string;
  /** How many manifests there are: what it was made from may have its own. */
  manifests: number;
}

/** The most bytes of manifests that are read. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_ACTIONS = 20;

/** Reads what the active manifest in a file says; undefined where it cannot be read. */
export async function readCredentials(
  file: BoundedFile,
  parts: readonly Part[],
): Promise<Credentials | undefined> {
  const bytes = await findManifests(file, parts);
  if (!bytes) return undefined;
  const manifests = readJumbf(bytes)[0]?.children.filter(({ type }) => type === 'jumb') ?? [];
  // The last one is the active one.
  const active = manifests.at(-1);
  if (!active) return undefined;
  const read = (box: JumbfBox | undefined): unknown =>
    readCbor(box?.children.find(({ type }) => type === 'cbor')?.content);
  const claim = read(find(active, /^c2pa\.claim(\.v2)?$/));
  const assertions = find(active, /^c2pa\.assertions$/);
  const actions = listActions(
    read(assertions && find(assertions, /^c2pa\.actions(\.v\d)?(__\d+)?$/)),
  );
  const types = actions.map((action) => readTerm(text(get(action, 'digitalSourceType'))));
  return omitUndefined({
    generator: cleanText(readGenerator(claim)),
    title: cleanText(text(get(claim, 'dc:title'))),
    actions: nonEmpty(
      actions.flatMap((action) => cleanText(text(get(action, 'action')), 64) ?? []),
    ),
    digitalSourceType: types.find((type) => type !== undefined),
    signedBy: cleanText(readSigner(read(find(active, /^c2pa\.signature$/)))),
    manifests: manifests.length,
  });
}

/** A value of CBOR, its maps as Map; undefined where it is broken. */
function readCbor(bytes: unknown): unknown {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return undefined;
  try {
    return decode(bytes, { useMaps: true, tags: PASSED });
  } catch {
    return undefined; // a manifest that is broken says nothing
  }
}

/** Tags of CBOR that say what a value is, which nothing here depends on: dates, numbers, COSE. */
const PASSED = Object.fromEntries(
  [0, 1, 2, 3, 4, 18, 24, 32, 33, 34, 35, 36, 37, 55799].map((tag) => [
    tag,
    (decode: () => unknown) => decode(),
  ]),
);

const find = (box: JumbfBox, label: RegExp) =>
  box.children.find((child) => label.test(child.label));
const get = (map: unknown, key: string | number) => (map instanceof Map ? map.get(key) : undefined);
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
const nonEmpty = <T>(list: T[]) => (list.length > 0 ? list : undefined);

function omitUndefined<T extends object>(values: T): T & Credentials {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T & Credentials;
}

function listActions(assertion: unknown): unknown[] {
  const actions = get(assertion, 'actions');
  return Array.isArray(actions) ? actions.slice(0, MOST_ACTIONS) : [];
}

/** A list of programs, one program, or a text, by the version of the claim. */
function readGenerator(claim: unknown): string | undefined {
  const info = get(claim, 'claim_generator_info');
  const first = Array.isArray(info) ? info[0] : info;
  return text(get(first, 'name')) ?? text(get(claim, 'claim_generator'));
}

/** The label of a chain of certificates in COSE (RFC 9360); older files write it out. */
const CHAIN = 33;

function readSigner(signature: unknown): string | undefined {
  const [signed, unsigned] = Array.isArray(signature) ? signature : [];
  const chains = [unsigned, readCbor(signed)].map((h) => get(h, CHAIN) ?? get(h, 'x5chain'));
  const chain = chains.find((found) => found !== undefined);
  const own = Array.isArray(chain) ? chain[0] : chain;
  if (!(own instanceof Uint8Array)) return undefined;
  try {
    const { subject } = new X509Certificate(own);
    return /^O=(.+)$/m.exec(subject)?.[1] ?? /^CN=(.+)$/m.exec(subject)?.[1];
  } catch {
    return undefined; // no certificate
  }
}

/** The type of the box that holds manifests in MP4 and its relatives (C2PA 2.1 §A.5), and its purpose there. */
const BOX_TYPE = 'd8fec3d61b0e483c92975828877ec481';
const PURPOSE = 'manifest\0';

/** The manifests in a file, as JUMBF. */
async function findManifests(file: BoundedFile, parts: readonly Part[]): Promise<Buffer | null> {
  const segments: Buffer[] = [];
  for (const { name, start, length } of parts) {
    if (length <= 0 || length > MOST_BYTES) continue;
    if (name === 'caBX' || name === 'C2PA') return file.read(start, length);
    if (name === 'uuid') {
      const box = await file.read(start, length);
      // After the type: version and flags, the purpose, and where a Merkle tree begins.
      const isManifest = box.toString('hex', 0, 16) === BOX_TYPE;
      const purpose = box.toString('latin1', 20, 20 + PURPOSE.length);
      if (isManifest && purpose === PURPOSE) return box.subarray(20 + PURPOSE.length + 8);
    }
    if (name === 'APP11') segments.push(await file.read(start, length));
  }
  return segments.length > 0 ? joinSegments(segments) : null;
}

/** Each segment of a JPEG begins with `JP`, the number of the box and its own; and repeats the head of the box. */
function joinSegments(segments: Buffer[]): Buffer | null {
  const own = segments.filter((segment) => segment.toString('latin1', 0, 2) === 'JP');
  const number = own[0]?.readUInt16BE(2);
  const boxes = own.filter((s) => s.length > 16 && s.readUInt16BE(2) === number);
  if (boxes.length === 0) return null;
  return Buffer.concat(boxes.map((segment, n) => segment.subarray(n === 0 ? 8 : 16)));
}
