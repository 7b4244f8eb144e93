import { styleText } from 'node:util';

const { stdout } = process;
const isLive = stdout.isTTY === true && process.env.TERM !== 'dumb';
const LABEL = 12;
const BAR = 32;

/** The columns of the terminal, at most 120; 80 without a terminal. */
export function countColumns(): number {
  return Math.min((isLive && stdout.columns) || 80, 120);
}

/** Writes a line. */
export function say(line = ''): void {
  stdout.write(`${line}\n`);
}

/** Formats a label and its text in two columns. */
export function formatLine(label: string, text: string): string {
  return `  ${styleText('dim', label.padEnd(LABEL))}${text}`;
}

/** A progress line, which is replaced by the result. */
export interface Moving {
  /** @param share 0 to 1 */
  show(share: number, text: string): void;
  end(label: string, text: string): void;
  /** Removes the line. */
  drop(): void;
}

/** Begins a progress line; without a terminal only the result is written. */
export function beginLine(label: string): Moving {
  const clear = () => {
    if (isLive) stdout.write('\r\x1b[K');
  };
  return {
    show(share, text) {
      if (!isLive) return;
      clear();
      stdout.write(formatLine(label, `${styleText('cyan', drawBar(share))} ${text}`));
    },
    end(done, text) {
      clear();
      say(formatLine(done, text));
    },
    drop: clear,
  };
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Draws a progress bar in steps of an eighth of a character. */
export function drawBar(share: number, width = BAR): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const filled = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return filled + '░'.repeat(width - filled.length);
}
