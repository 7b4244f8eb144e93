/** Draws a gradient between two colours that follow from a seed; later frames are turned a little. */
export function drawGradient(width: number, height: number, seed: number, frame = 0): Buffer {
  const [from, to] = [pickColour(seed), pickColour(seed * 7 + 3)];
  const angle = ((seed % 360) + frame * 3) * (Math.PI / 180);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.abs(dx) + Math.abs(dy);
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = ((x / width - 0.5) * dx + (y / height - 0.5) * dy) / reach + 0.5;
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) {
        pixels[at + c] = Math.round((from[c] as number) * (1 - along) + (to[c] as number) * along);
      }
    }
  }
  return pixels;
}

// A strong colour: a point on the circle of hues.
function pickColour(seed: number): number[] {
  const hue = (seed % 997) / 997;
  return [0, 1 / 3, 2 / 3].map((part) =>
    Math.round(127 + 120 * Math.cos(2 * Math.PI * (hue + part))),
  );
}
