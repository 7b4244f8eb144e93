const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

/**
 * Compares what a document prints with what is answered now. Ids and times are others each time: an id
 * stands for the same one throughout, a time for any. A text that ends in `…` stands for all that begins
 * like it.
 */
export function likeness() {
  const now = new Map<string, string>();
  return { filled, differences };

  /** What is printed, with the ids and texts that it stands for now. */
  function filled(text: string): string {
    return [...now].reduce((all, [printed, actual]) => all.replaceAll(printed, actual), text);
  }

  /** Where an answer is not as printed; none when it is. */
  function differences(printed: unknown, actual: unknown, path = ''): string[] {
    if (typeof printed === 'string' && typeof actual === 'string') {
      return isLike(printed, actual) ? [] : [`${path}: ${actual} instead of ${printed}`];
    }
    if (!isObject(printed) || !isObject(actual)) {
      const told = [actual, printed].map((it) => JSON.stringify(it) ?? 'nothing');
      return printed === actual ? [] : [`${path}: ${told.join(' instead of ')}`];
    }
    const keys = [...new Set([...Object.keys(printed), ...Object.keys(actual)])];
    return keys.flatMap((key) => differences(printed[key], actual[key], `${path}.${key}`));
  }

  function isLike(printed: string, actual: string): boolean {
    if (printed.endsWith('…')) {
      if (printed.length > 1) now.set(printed, actual);
      return actual.startsWith(printed.slice(0, -1));
    }
    const changing = printed.match(new RegExp(`${UUID}|${TIME}`, 'g')) ?? [];
    const parts = printed.split(new RegExp(`${UUID}|${TIME}`)).map(literal);
    const form = parts.reduce((all, part, i) => `${all}(${formOf(changing[i - 1])})${part}`);
    const found = new RegExp(`^${form}$`).exec(actual)?.slice(1);
    return found?.every((it, i) => isSame(changing[i] as string, it)) ?? false;
  }

  function isSame(printed: string, actual: string): boolean {
    if (formOf(printed) === TIME) return true;
    const before = now.get(printed) ?? actual;
    now.set(printed, actual);
    return before === actual;
  }
}

function formOf(printed = ''): string {
  return printed.includes('T') ? TIME : UUID;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
