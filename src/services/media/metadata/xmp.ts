import { readTerm } from './source-type.ts';

/** What is read of an XMP packet (ISO 16684-1), which may hold anything, places included. */
export interface XmpFacts {
  /** The term of IPTC's list: `trainedAlgorithmicMedia`, `digitalCapture`… */
  digitalSourceType?: string;
  /** A comment for machines, in which some generators store their parameters. */
  userComment?: string;
}

const MOST_BYTES = 256 * 1024;
/**
 * As an attribute, as a reference, or as text, whatever prefix the file gives the namespace. Nothing in it is repeated
 * without end beside something that takes the same characters: such a pattern would try all ways to share them out.
 */
const SOURCE_TYPE =
  /[\w-]:DigitalSourceType(?:\s*=\s*["']([^"'<>]{1,200})["']|[^<>]{0,200}?resource\s*=\s*["']([^"'<>]{1,200})["']|\s*>([^<>]{1,400})<)/;
const USER_COMMENT =
  /<exif:UserComment>\s*<rdf:Alt>\s*<rdf:li[^>]{0,100}>([^<]{1,100000})<\/rdf:li>/;

/** Reads the facts in an XMP packet. */
export function readXmp(packet: Buffer): XmpFacts {
  const text = packet.toString('utf8', 0, MOST_BYTES);
  const [, attribute, resource, content] = SOURCE_TYPE.exec(text) ?? [];
  const term = readTerm(attribute ?? resource ?? content);
  const comment = USER_COMMENT.exec(text)?.[1];
  return {
    ...(term && { digitalSourceType: term }),
    ...(comment && { userComment: decodeEntities(comment) }),
  };
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi,
    (all, ten, hex, name) => {
      if (name) return ENTITIES[name] ?? all;
      const code = ten ? Number(ten) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}
