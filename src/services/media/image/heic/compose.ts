import type { CodedPicture } from './layout.ts';

/** Rows collected at a time of a picture that is not composed of tiles. */
const MOST_ROWS = 64;

/**
 * Puts decoded tiles together: takes their bytes as they come, tile by tile, and gives the rows of
 * the picture, some at a time, in a buffer that is used again afterwards.
 */
export function composeRows(
  { width, height, columns, rows, tileWidth, tileHeight }: CodedPicture,
  channels: number,
  onRows: (rows: Buffer, first: number) => void,
): (chunk: Buffer) => void {
  const stride = width * channels;
  const tileStride = tileWidth * channels;
  const bandRows = columns === 1 ? Math.min(tileHeight, MOST_ROWS) : tileHeight;
  const band = Buffer.alloc(stride * bandRows);
  let [tile, y, x, done] = [0, 0, 0, 0];

  function endRow(): void {
    x = 0;
    y += 1;
    const isLastColumn = tile % columns === columns - 1;
    if (isLastColumn && (y % bandRows === 0 || y === tileHeight)) {
      const complete = Math.min(((y - 1) % bandRows) + 1, height - done);
      if (complete > 0) onRows(band.subarray(0, complete * stride), done);
      done += complete;
    }
    if (y < tileHeight) return;
    y = 0;
    tile += 1;
  }

  return (chunk) => {
    for (let at = 0; at < chunk.length && tile < columns * rows; ) {
      const taken = Math.min(tileStride - x, chunk.length - at);
      const left = (tile % columns) * tileStride + x;
      const kept = Math.min(taken, Math.max(0, stride - left)); // beyond the right edge: none
      chunk.copy(band, (y % bandRows) * stride + left, at, at + kept);
      at += taken;
      x += taken;
      if (x === tileStride) endRow();
    }
  };
}
