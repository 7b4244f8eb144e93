import type { Params } from './state.ts';

/** Parses `a[b][0]=c`, which is how Stripe's library encodes bodies and queries. Values stay texts. */
export function parseForm(text: string): Params {
  const made: Params = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter((part, n) => n === 0 || part !== '');
    const isList = name.endsWith('[]');
    put(made, isList ? [...path, '0'] : path, value, isList);
  }
  return made;
}

function put(into: Params, path: string[], value: string, isList: boolean): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    if (isList && into[first] !== undefined) into[String(Object.keys(into).length)] = value;
    else into[first] = value;
    return;
  }
  into[first] ??= {};
  put(into[first], rest, value, isList);
}

/** The items of a list, which has indexes for names. */
export function readList(value: unknown): string[] {
  return Object.values((value ?? {}) as Record<string, string>);
}
