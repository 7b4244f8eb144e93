import { box } from './audio.ts';

/** Every box of that path gets another body; the sizes around it are put right. */
export function withBoxes(
  file: Buffer,
  path: readonly string[],
  change: (body: Buffer) => Buffer | Buffer[],
): Buffer {
  const [name, ...rest] = path;
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= file.length; ) {
    const size = file.readUInt32BE(at) || file.length - at;
    const whole = file.subarray(at, at + size);
    const body = whole.subarray(8);
    at += size;
    if (whole.toString('latin1', 4, 8) !== name) parts.push(whole);
    else if (rest.length > 0) parts.push(box(name, withBoxes(body, rest, change)));
    else {
      const changed = change(body);
      const bodies = Array.isArray(changed) ? changed : [changed];
      parts.push(...bodies.map((one) => box(name, one)));
    }
  }
  return Buffer.concat(parts);
}

/** Numbers of 32 bits, one after the other. */
export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [n, value] of values.entries()) bytes.writeInt32BE(value | 0, n * 4);
  return bytes;
}

/** An element of a Matroska file; its size in eight bytes, or any claim of it. */
export function element(id: string, body: Buffer, claimed = body.length): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(claimed) | 0x0100000000000000n);
  return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
}
