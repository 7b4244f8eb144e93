/** A fenced block of a document, with the heading that it stands under. */
export interface Block {
  language: string;
  /** What follows the language: `11 times`. */
  info: string;
  text: string;
  heading: string;
}

/** The fenced blocks of a Markdown document, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: Block | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (open && line === '```') {
      blocks.push(open);
      open = undefined;
    } else if (open) open.text += `${line}\n`;
    else if (fence) open = { language: fence[1] ?? '', info: fence[2] ?? '', text: '', heading };
    else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
  }
  return blocks;
}
