const MACHINES: Record<number, string> = { 62: 'x86_64', 183: 'arm64' };
const MACHINE_AT = 18;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

/**
 * Reads the processor that a Linux program or library of 64 bits is for, by the name that Lambda has for
 * it; undefined if it is no such file.
 */
export function readMachine(program: Buffer): string | undefined {
  const is64BitElf =
    program.length > 64 && program.readUInt32BE(0) === 0x7f454c46 && program[4] === 2;
  if (!is64BitElf) return undefined;
  const machine = program.readUInt16LE(MACHINE_AT);
  return MACHINES[machine] ?? `machine ${machine}`;
}

/** Reads the shared libraries that a Linux program of 64 bits needs: none if it is static. */
export function readLibraries(program: Buffer): string[] {
  const segments = Array.from({ length: program.readUInt16LE(56) }, (_, index) => {
    const at = Number(program.readBigUInt64LE(32)) + index * program.readUInt16LE(54);
    const [offset = 0, address = 0, size = 0] = [8, 16, 32].map((field) =>
      Number(program.readBigUInt64LE(at + field)),
    );
    return { type: program.readUInt32LE(at), offset, address, size };
  });
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return [];
  const entries = Array.from({ length: dynamic.size / 16 }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: program.readBigInt64LE(at), value: Number(program.readBigUInt64LE(at + 8)) };
  });
  const strings = entries.find(({ tag }) => tag === DT_STRTAB)?.value ?? 0;
  const load = segments.find(
    ({ type, address, size }) => type === PT_LOAD && address <= strings && strings < address + size,
  );
  if (!load) return [];
  return entries
    .filter(({ tag }) => tag === DT_NEEDED)
    .map(({ value }) => {
      const start = strings - load.address + load.offset + value;
      return program.toString('latin1', start, program.indexOf(0, start));
    });
}
