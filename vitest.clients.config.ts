import { defineSuite } from './vitest.suite.ts';

/** Clients that generators make of the OpenAPI document, and a page in a browser. */
export const clients = ['test/clients/**/*.test.ts'];

// Apart from the others, because generators, Python packages and a browser are installed for it.
export default defineSuite(clients, {
  globalSetup: ['test/global-setup.ts', 'test/clients/install.ts'],
  testTimeout: 600_000,
});
