// Imported first of all: each job of the type that clients may start costs a credit in this test file.
process.env.PRICES = JSON.stringify([
  { version: 'of-tests', from: '2020-01-01T00:00:00Z', prices: { reprocess: { job: 1 } } },
]);
