/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

/** HTML of a template: every value in it is escaped, unless it is HTML itself. */
export function writeHtml(parts: TemplateStringsArray, ...values: (string | Html)[]): Html {
  const texts = values.map((v) => (typeof v === 'string' ? escapeHtml(v) : v.html));
  return { html: parts.map((part, n) => part + (texts[n] ?? '')).join('') };
}

/** Pieces of HTML, one after the other. */
export function joinHtml(parts: Html[]): Html {
  return { html: parts.map(({ html }) => html).join('') };
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
