// What every scenario in TypeScript starts from: the address of the API, an account and a song.
declare const GIVEN: { api: string; song: string; seconds: number; missing: string };

export const given = GIVEN;

const bytes = Uint8Array.from(atob(given.song), (c) => c.charCodeAt(0));

export const song = {
  bytes,
  seconds: given.seconds,
  declared: { fileName: 'song.wav', contentType: 'audio/wav', size: bytes.length } as const,
};

export function account(name: string) {
  const username = `${name}-${Math.random().toString(36).slice(2, 10)}`;
  return { username, email: `${username}@example.com`, password: 'three blind mice' };
}

/** @throws Error when two values differ as JSON */
export function equal(found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}
