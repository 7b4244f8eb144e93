// Imported first of all by a process whose clock is to be ahead of this machine's by $CLOCK_AHEAD ms, or behind.
const ahead = Number(process.env.CLOCK_AHEAD);
const now = () => performance.timeOrigin + performance.now() + ahead;

// No subclass: libraries know `Date` by its name.
globalThis.Date = new Proxy(Date, {
  construct: (real, given) => Reflect.construct(real, given.length > 0 ? given : [now()]),
  get: (real, name) => (name === 'now' ? () => Math.floor(now()) : Reflect.get(real, name)),
});
