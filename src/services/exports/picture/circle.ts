import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CIRCLE, X_MAP, Y_MAP } from './visualizer.ts';

/** Shares of the diameter: the circle that waves stand on, and how far they reach on either side. */
const [RADIUS, REACH] = [0.36, 0.13];
const MOST = 65_535;

/** Writes the two maps that say, for each pixel of a circle, which pixel of the waves it shows. */
export async function writeCircleMaps(workDir: string, side: number): Promise<void> {
  const [x, y] = [Buffer.alloc(2 * side * side), Buffer.alloc(2 * side * side)];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [across, down] = [(column + 0.5) / side - 0.5, (row + 0.5) / side - 0.5];
      // Begins at the top and runs clockwise.
      const turn = (Math.atan2(across, -down) / (2 * Math.PI) + 1) % 1;
      const height = 0.5 + (RADIUS - Math.hypot(across, down)) / (2 * REACH);
      const at = 2 * (row * side + column);
      // What lies beyond the waves is filled with nothing.
      x.writeUInt16BE(height < 0 || height >= 1 ? MOST : Math.floor(turn * CIRCLE.width), at);
      y.writeUInt16BE(height < 0 || height >= 1 ? MOST : Math.floor(height * CIRCLE.height), at);
    }
  }
  const head = Buffer.from(`P5\n${side} ${side}\n${MOST}\n`);
  await writeFile(join(workDir, X_MAP), Buffer.concat([head, x]));
  await writeFile(join(workDir, Y_MAP), Buffer.concat([head, y]));
}
