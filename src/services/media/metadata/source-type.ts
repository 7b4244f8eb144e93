// How media say that they were generated: a term of IPTC's list, in XMP (ISO 16684-1), which is what other programs
// read. https://cv.iptc.org/newscodes/digitalsourcetype/

const LIST = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** The terms for what was generated, in whole or in part. */
const GENERATED_TERMS = [
  ...(['trainedAlgorithmicMedia', 'compositeWithTrainedAlgorithmicMedia'] as const),
  ...(['algorithmicMedia', 'compositeSynthetic'] as const),
] as const;
export type GeneratedTerm = (typeof GENERATED_TERMS)[number];

/** Whether a term says that something was generated. */
export function isGeneratedTerm(term: unknown): term is GeneratedTerm {
  return GENERATED_TERMS.includes(term as GeneratedTerm);
}

/** The address of a term, which is its value in metadata. */
export function nameTerm(term: GeneratedTerm): string {
  return LIST + term;
}

/** The most characters of an address, with space around it, in which a term is looked for. */
const LONGEST_ADDRESS = 400;

/** Finds the term in what tags hold: itself, or its address. */
export function readTerm(text: string | undefined): string | undefined {
  return /([A-Za-z]{1,64})\/?\s*$/.exec(text?.slice(0, LONGEST_ADDRESS) ?? '')?.[1];
}

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
const IPTC = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"';
const describeTerm = (term: GeneratedTerm) =>
  `<Iptc4xmpExt:DigitalSourceType>${nameTerm(term)}</Iptc4xmpExt:DigitalSourceType>`;

/** An XMP packet that says no more than this, in ASCII and in one line. */
export function buildXmp(term: GeneratedTerm): string {
  return [
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    `<rdf:RDF ${RDF}>`,
    `<rdf:Description rdf:about="" ${IPTC}>${describeTerm(term)}`,
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>',
  ].join('');
}

/** What all descriptions of a packet are about, which is the same in each. */
const ABOUT = /\brdf:about\s*=\s*("[^"<>]{0,1000}"|'[^'<>]{0,1000}')/;
/** An empty list of descriptions, and the end of one. */
const EMPTY_LIST = /<([\w-]{1,40}:)?RDF\b([^<>]{0,1000})\/>/;
const END_OF_LIST = /<\/(?:[\w-]{1,40}:)?RDF\s{0,100}>/;

/** An XMP packet with a description more, that of the term; null where it has a term, or is none. */
export function addTerm(packet: string, term: GeneratedTerm): string | null {
  if (/DigitalSourceType\b/.test(packet)) return null;
  const about = ABOUT.exec(packet)?.[1] ?? '""';
  const added = `<rdf:Description ${RDF} rdf:about=${about} ${IPTC}>${describeTerm(term)}</rdf:Description>`;
  const opened = packet.replace(
    EMPTY_LIST,
    (_, prefix = '', more) => `<${prefix}RDF${more}></${prefix}RDF>`,
  );
  if (!END_OF_LIST.test(opened)) return null;
  const grown = opened.replace(END_OF_LIST, (end) => added + end);
  // Room that was left for changes is not needed: where a packet may have 64 KB, there is more for others.
  // A match begins where the space does: from each place within, the same end would be looked for again.
  return grown.replace(/(?<!\s)\s+(<\?xpacket\s+end=)/, '\n$1');
}
