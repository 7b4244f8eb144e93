// A user agent is whatever a client says, so it is not shown as it is: only names that are known here.

/** More special ones first: Edge and Opera name Chrome, too, and Chrome names Safari. */
const PROGRAMS: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^(curl|Wget|python-requests|okhttp|node)\b/i, 'A program'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What a user agent names, in our words: `Firefox on Windows`. */
export function describeDevice(userAgent = ''): string {
  const program = findName(PROGRAMS, userAgent) ?? 'An unknown app';
  const system = findName(SYSTEMS, userAgent);
  return system ? `${program} on ${system}` : program;
}

function findName(names: [RegExp, string][], text: string): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}
