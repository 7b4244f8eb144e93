/**
 * Makes a function of one thing out of one of many: what is asked for in the same turn of the event loop is done
 * together, since a command costs more than what it does.
 * @param doAll does them, and answers for each, in their order; a promise that rejects is an error of that one alone
 */
export function gather<T, R>(
  doAll: (things: T[]) => Promise<(R | Promise<R>)[]>,
): (thing: T) => Promise<R> {
  let waiting: { thing: T; done: PromiseWithResolvers<R> }[] = [];

  async function doWaiting(): Promise<void> {
    const some = waiting;
    waiting = [];
    try {
      const answers = await doAll(some.map(({ thing }) => thing));
      for (const [n, { done }] of some.entries()) done.resolve(answers[n] as R | Promise<R>);
    } catch (error) {
      for (const { done } of some) done.reject(error);
    }
  }

  return (thing) => {
    const done = Promise.withResolvers<R>();
    if (waiting.length === 0) setImmediate(doWaiting);
    waiting.push({ thing, done });
    return done.promise;
  };
}
