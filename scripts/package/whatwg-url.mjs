// Replaces whatwg-url for mongodb's connection strings by Node's own implementation of the same
// standard.
export const { URL, URLSearchParams } = globalThis;
