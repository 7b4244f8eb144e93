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

/** Finds the term in what tags hold: itself, or its address. */
export function readTerm(text: string | undefined): string | undefined {
  return /([A-Za-z]{1,64})\/?\s*$/.exec(text ?? '')?.[1];
}

/** An XMP packet that says no more than this, in ASCII and in one line. */
export function buildXmp(term: GeneratedTerm): string {
  return [
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">',
    `<Iptc4xmpExt:DigitalSourceType>${nameTerm(term)}</Iptc4xmpExt:DigitalSourceType>`,
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>',
  ].join('');
}
