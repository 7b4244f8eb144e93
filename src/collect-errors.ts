/** Tasks that have nothing to do with each other: one that fails keeps none of the others from being done. */
interface Attempts {
  /** Does one of them. @returns what it returned; undefined where it failed */
  attempt<T>(task: () => Promise<T>): Promise<T | undefined>;
  /** Throws what went wrong first, once all have been tried. */
  finish(): void;
}

export function collectErrors(): Attempts {
  const errors: unknown[] = [];
  return {
    attempt: async (task) => {
      try {
        return await task();
      } catch (error) {
        errors.push(error);
        return undefined;
      }
    },
    finish: () => {
      if (errors.length > 0) throw errors[0];
    },
  };
}
