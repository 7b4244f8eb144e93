// Read with the configuration, so it is imported before anything else.
process.env.PRICES = JSON.stringify([
  { version: 'of-tests', from: '2020-01-01T00:00:00Z', prices: { 'execute-workflow': { job: 2 } } },
]);
