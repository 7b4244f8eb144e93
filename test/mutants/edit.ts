/** One change of the code after which a guarantee is lost: one of its tests must fail. */
export interface Edit {
  /** What is lost, in the words of a test's name. */
  guarantee: string;
  /** The text that is replaced; it occurs in the file exactly once. */
  find: string;
  replace: string;
  /**
   * The nearest test files. ` > ` and a part of tests' names behind a file runs those alone, where
   * the whole file would take long.
   */
  tests: string[];
  /** Why no test notices it. Only for what cannot be seen, or is held in another way. */
  survives?: string;
}

/** Changes by the file that they are made in. */
export type Edits = Record<string, Edit[]>;

/** Makes the change in the text of its file. @throws Error unless `find` occurs there once */
export function applyEdit(text: string, { guarantee, find, replace }: Edit): string {
  const count = text.split(find).length - 1;
  if (count !== 1) {
    const problem = count === 0 ? 'is no longer there' : `is there ${count} times`;
    throw new Error(`"${guarantee}": the text to replace ${problem}: ${find}`);
  }
  // As a function: `$&` and the like have no meaning in it.
  return text.replace(find, () => replace);
}

/** A test file, and parts of the names of those of its tests that are run; without any, all are. */
export interface TestFile {
  file: string;
  names: string[];
}

/** Reads `tests`: each file once, whole where one of them wants that. */
export function readTests(tests: string[]): TestFile[] {
  const named = tests.map((text) => text.split(' > ') as [file: string, name?: string]);
  return [...Map.groupBy(named, ([file]) => file)].map(([file, some]) => {
    const names = some.flatMap(([, name]) => name ?? []);
    return { file, names: names.length < some.length ? [] : [...new Set(names)] };
  });
}
