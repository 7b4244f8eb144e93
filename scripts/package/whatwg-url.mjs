// mongodb's connection strings ask for these two; Node's own are the same standard.
export const { URL, URLSearchParams } = globalThis;
