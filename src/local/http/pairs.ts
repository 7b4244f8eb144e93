/** Headers or parameters: one string for each name. */
export type Strings = Record<string, string>;

/** Reads a query string; several values of a name are joined by commas, as API Gateway does. */
export function readQuery(query: string): Strings {
  const found: Strings = {};
  for (const [name, value] of new URLSearchParams(query)) put(found, name, value);
  return found;
}

/** Adds a value under a name, joined to an earlier value of that name. */
export function put(into: Strings, name: string, value: string): void {
  if (name === '__proto__') {
    // In the cloud the event is parsed JSON, where this is a key like any other.
    const joined = join(Object.hasOwn(into, name) ? into[name] : undefined, value);
    const own = { value: joined, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(into, name, own);
    return;
  }
  into[name] = Object.hasOwn(into, name) ? join(into[name], value) : value;
}

/** Joins two values of one name. */
export function join(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
}
