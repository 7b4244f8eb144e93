/**
 * Chooses the type of an answer that a client likes best, by its Accept header (RFC 9110, 12.5.1). Of equal ones,
 * and where it likes none or says nothing, the first that is offered.
 */
export function chooseType<T extends string>(accept: string | undefined, offered: readonly T[]): T {
  const ranges = (accept ?? '').slice(0, LONGEST).split(',').map(readRange);
  const liking = offered.map((type) => {
    const [group] = type.split('/');
    const names = [type, `${group}/*`, '*/*'];
    // The most exact range counts.
    const found = names.map((name) => ranges.find((r) => r.name === name)).find((r) => r);
    return found?.quality ?? 0;
  });
  return offered[liking.indexOf(Math.max(...liking))] as T;
}

const LONGEST = 1000;

function readRange(text: string): { name: string; quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((p) => p.startsWith('q='))?.slice(2) ?? 1);
  return { name, quality: Number.isFinite(quality) ? quality : 0 };
}
