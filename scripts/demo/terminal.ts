import { styleText } from 'node:util';

const { stdout } = process;
const isLive = stdout.isTTY === true && process.env.TERM !== 'dumb';
const LABEL = 12;
const BAR = 32;

/** Columns to draw in: the terminal's, up to what the eye follows; 80 where there is none. */
export function columns(): number {
  return Math.min((isLive && stdout.columns) || 80, 120);
}

/** Writes a line. */
export function say(line = ''): void {
  stdout.write(`${line}\n`);
}

/** A label and what it says, in the columns of every such line. */
export function labelled(label: string, text: string): string {
  return `  ${styleText('dim', label.padEnd(LABEL))}${text}`;
}

/** A line that moves while something goes on, and is replaced by what came of it. */
export interface Moving {
  /** @param share 0 to 1 */
  show(share: number, text: string): void;
  end(label: string, text: string): void;
  /** Leaves nothing behind. */
  drop(): void;
}

/** Begins a moving line; without a terminal only its end is written. */
export function moving(label: string): Moving {
  const clear = () => {
    if (isLive) stdout.write('\r\x1b[K');
  };
  return {
    show(share, text) {
      if (!isLive) return;
      clear();
      stdout.write(labelled(label, `${styleText('cyan', bar(share))} ${text}`));
    },
    end(done, text) {
      clear();
      say(labelled(done, text));
    },
    drop: clear,
  };
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar filled to a share, in steps of an eighth of a character. */
export function bar(share: number, width = BAR): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const filled = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return filled + '░'.repeat(width - filled.length);
}
